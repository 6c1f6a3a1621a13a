package compat_test

import (
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"github.com/mainspring-go/mainspring/integration/compat"
)

func TestSpacesMakeNoDifference(t *testing.T) {
	story := func(encoding, data string) compat.Story {
		payload := &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte(encoding)}, Data: []byte(data)}
		return compat.Story{Histories: []*historypb.History{{Events: []*historypb.HistoryEvent{{
			Attributes: &historypb.HistoryEvent_MarkerRecordedEventAttributes{
				MarkerRecordedEventAttributes: &historypb.MarkerRecordedEventAttributes{
					Details: map[string]*commonpb.Payloads{"data": {Payloads: []*commonpb.Payload{
						proto.CloneOf(payload), payload,
					}}},
				},
			},
		}}}}}
	}
	with, without := `{"a": [1, 2]}`, `{"a":[1,2]}`
	if diff := compat.Differences(story("json/protobuf", with), story("json/protobuf", without)); diff != "" {
		t.Errorf("got %s", diff)
	}
	if compat.Differences(story("json/plain", with), story("json/plain", without)) == "" {
		t.Error("spaces that are not random were lost")
	}
	if compat.Differences(story("json/protobuf", "no JSON "), story("json/protobuf", "no JSON")) == "" {
		t.Error("what is no JSON was changed")
	}
}
