package service

import (
	"slices"
	"time"

	workflowpb "go.temporal.io/api/workflow/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// maxResetPoints is how many points a run keeps; older ones go.
const maxResetPoints = 20

// addResetPoint keeps the first task that a version of the worker's code has
// completed, for those who want to go back to before it.
func (r *run) addResetPoint(checksum, build string, completed int64) {
	known := slices.ContainsFunc(r.points, func(p *workflowpb.ResetPointInfo) bool {
		return p.GetBinaryChecksum() == checksum && p.GetBuildId() == build //nolint:staticcheck // older workers
	})
	if known {
		return
	}
	points := append(slices.Clip(r.points), &workflowpb.ResetPointInfo{
		BinaryChecksum: checksum, //nolint:staticcheck // older workers
		BuildId:        build, RunId: r.id, FirstWorkflowTaskCompletedId: completed,
		CreateTime: timestamppb.New(r.s.now()), Resettable: len(r.children) == 0,
	})
	r.points = points[max(0, len(points)-maxResetPoints):]
}

// resetPoints are the points as messages have them.
func (r *run) resetPoints() *workflowpb.ResetPoints {
	return &workflowpb.ResetPoints{Points: r.points}
}

// rollOver returns the points that a new run takes over: those of the run before
// it go with that.
func rollOver(points *workflowpb.ResetPoints, before string, at time.Time) []*workflowpb.ResetPointInfo {
	var out []*workflowpb.ResetPointInfo
	for _, p := range points.GetPoints() {
		if p.GetExpireTime() != nil && p.GetExpireTime().AsTime().Before(at) {
			continue
		}
		p, _ = proto.Clone(p).(*workflowpb.ResetPointInfo)
		if p.GetRunId() == before {
			p.ExpireTime = timestamppb.New(at.Add(retention))
		}
		out = append(out, p)
	}
	return out
}
