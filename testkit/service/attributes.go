package service

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/proto"
)

// Types of search attributes.
const (
	keywordType     = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	keywordListType = enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST
	textType        = enumspb.INDEXED_VALUE_TYPE_TEXT
	intType         = enumspb.INDEXED_VALUE_TYPE_INT
	doubleType      = enumspb.INDEXED_VALUE_TYPE_DOUBLE
	boolType        = enumspb.INDEXED_VALUE_TYPE_BOOL
	datetimeType    = enumspb.INDEXED_VALUE_TYPE_DATETIME
)

// systemType is the type of an attribute that every workflow has.
func systemType(name string) (enumspb.IndexedValueType, bool) {
	switch name {
	case "WorkflowId", "RunId", "WorkflowType", "ExecutionStatus", "TaskQueue",
		"ParentWorkflowId", "ParentRunId", "RootWorkflowId", "RootRunId":
		return keywordType, true
	case "StartTime", "ExecutionTime", "CloseTime":
		return datetimeType, true
	case "HistoryLength", "ExecutionDuration", "StateTransitionCount", "HistorySizeBytes":
		return intType, true
	default:
		return 0, false
	}
}

// predefinedType is the type of an attribute that the server itself sets. The
// second result says whether others may.
func predefinedType(name string) (kind enumspb.IndexedValueType, settable bool) {
	switch name {
	case changeVersion, "BinaryChecksums", "BuildIds", pauseInfo, "TemporalReportedProblems":
		return keywordListType, true
	case "BatcherNamespace", "BatcherUser", "TemporalScheduledById", "TemporalNamespaceDivision":
		return keywordType, true
	case "TemporalScheduledStartTime":
		return datetimeType, true
	case "TemporalSchedulePaused":
		return boolType, true
	case "TemporalWorkerDeploymentVersion", "TemporalWorkflowVersioningBehavior", "TemporalWorkerDeployment":
		return keywordType, false
	case "TemporalUsedWorkerDeploymentVersions":
		return keywordListType, false
	case "TemporalExternalPayloadCount", "TemporalExternalPayloadSizeBytes":
		return intType, false
	default:
		return enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED, false
	}
}

// checkAttribute says why the options may not have such a search attribute.
func checkAttribute(name string, kind enumspb.IndexedValueType) error {
	_, system := systemType(name)
	known, _ := predefinedType(name)
	field := fmt.Sprintf("SearchAttributes[%q]", name)
	switch {
	case name == "":
		return &OptionError{field, "without a name", "give it a name"}
	case system, known != 0, strings.HasPrefix(name, "Temporal"):
		return &OptionError{field, "one of the server's own", "choose another name"}
	case kind < enumspb.INDEXED_VALUE_TYPE_TEXT || kind > keywordListType:
		return &OptionError{field, kind.String(), "give it one of the types that there are"}
	}
	return nil
}

// checkAttributes refuses search attributes that do not exist, may not be set or
// do not fit their type, and marks the others with their types.
func (s *Service) checkAttributes(n *namespace, a *commonpb.SearchAttributes) error {
	types, err := s.attributeTypes(n, a)
	if err != nil {
		return err
	}
	return setTypes(a, types)
}

// attributeTypes are the types of the attributes by their names, but for those
// that every workflow has. It refuses names that the namespace does not know.
func (s *Service) attributeTypes(
	n *namespace, a *commonpb.SearchAttributes,
) (map[string]enumspb.IndexedValueType, error) {
	types := make(map[string]enumspb.IndexedValueType, len(a.GetIndexedFields()))
	for _, name := range slices.Sorted(maps.Keys(a.GetIndexedFields())) {
		if _, system := systemType(name); system {
			continue
		}
		types[name], _ = predefinedType(name)
		if types[name] == 0 {
			types[name] = s.options.SearchAttributes[name]
		}
		if types[name] == 0 {
			return nil, invalid("Namespace %s has no mapping defined for search attribute %s", n.name, name)
		}
	}
	return types, nil
}

// setTypes refuses attributes that may not be set or do not fit their type, and
// marks the others with their types.
func setTypes(a *commonpb.SearchAttributes, types map[string]enumspb.IndexedValueType) error {
	for _, name := range slices.Sorted(maps.Keys(a.GetIndexedFields())) {
		kind, known := types[name]
		if predefined, settable := predefinedType(name); !known || predefined != 0 && !settable {
			return invalid("%s attribute can't be set in SearchAttributes", name)
		}
		p := a.GetIndexedFields()[name]
		if _, err := decodeAttribute(p, kind); err != nil {
			return invalid("invalid value for search attribute %s of type %s: %v", name, kind, anyValue(p))
		}
	}
	for name, kind := range types {
		a.IndexedFields[name] = typed(a.GetIndexedFields()[name], kind)
	}
	return nil
}

// typed is the payload with the type in its metadata.
func typed(p *commonpb.Payload, kind enumspb.IndexedValueType) *commonpb.Payload {
	c, _ := proto.Clone(p).(*commonpb.Payload)
	if c == nil {
		return p
	}
	if c.Metadata == nil {
		c.Metadata = make(map[string][]byte)
	}
	c.Metadata["type"] = []byte(kind.String())
	return c
}

// anyValue is the value of a payload whose type is not known.
func anyValue(p *commonpb.Payload) any {
	var v any
	if json.Unmarshal(p.GetData(), &v) != nil {
		return "value from <" + p.String() + ">"
	}
	return v
}

// decodeAttribute is the value of an attribute: a string, int64, float64, bool,
// time.Time or []string; nil if it is not set. A list of one value is that value.
func decodeAttribute(p *commonpb.Payload, kind enumspb.IndexedValueType) (any, error) {
	if len(p.GetData()) == 0 {
		return nil, nil //nolint:nilnil // it is not set
	}
	switch kind {
	case boolType:
		return decodeAs[bool](p)
	case datetimeType:
		return decodeAs[time.Time](p)
	case doubleType:
		return decodeAs[float64](p)
	case intType:
		return decodeAs[int64](p)
	case keywordListType:
		v, err := decodeAs[[]string](p)
		if _, single := v.(string); single {
			return nil, err
		}
		return v, err
	default:
		return decodeAs[string](p)
	}
}

func decodeAs[T any](p *commonpb.Payload) (any, error) {
	var one *T
	if json.Unmarshal(p.GetData(), &one) == nil {
		if one == nil {
			return nil, nil //nolint:nilnil // it is not set
		}
		return *one, nil
	}
	var list []T
	if err := json.Unmarshal(p.GetData(), &list); err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, nil //nolint:nilnil // nothing that could be compared
	}
	return list[0], nil
}
