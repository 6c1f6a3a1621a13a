package scenarios

import "slices"

// All returns the table.
func All() []Scenario {
	return slices.Concat(
		workflowScenarios(), activityScenarios(), timeoutScenarios(), clientScenarios(), errorScenarios(),
		queryScenarios(), unheardScenarios(), namespaceScenarios(), updateScenarios(), taskScenarios(), rawScenarios(), rawErrorScenarios(),
		eagerScenarios(), eagerStartScenarios(), priorityScenarios(),
		queueScenarios(), scalingScenarios(), heartbeatScenarios(), deploymentScenarios(), listedDeploymentScenarios(), movedScenarios(), overrideScenarios(), inheritedScenarios(), inheritedByChainScenarios(), childOverrideScenarios(),
		externalScenarios(),
		childScenarios(), childHandScenarios(), childChainScenarios(), afterParentScenarios(),
		signalWithStartScenarios(), updateWithStartScenarios(), updateWithStartByHandScenarios(),
		pauseScenarios(), unpauseScenarios(), resetScenarios(), activityOptionsScenarios(),
		historyScenarios(), speculativeScenarios(),
		chainScenarios(), retryScenarios(), delayScenarios(), listScenarios(),
		goBackScenarios(), limitScenarios())
}
