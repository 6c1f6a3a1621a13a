package service

import (
	"cmp"
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	replicationpb "go.temporal.io/api/replication/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// server implements the methods. What is not here answers Unimplemented.
type server struct {
	workflowservice.UnimplementedWorkflowServiceServer

	s *Service
}

const (
	clusterName = "active"
	retention   = 24 * time.Hour
	// What the server takes at most, in bytes.
	blobLimit = 2 << 20
	memoLimit = 2 << 20
)

// DescribeNamespace describes a namespace, which the request names or gives the
// id of.
func (v *server) DescribeNamespace(
	_ context.Context, req *workflowservice.DescribeNamespaceRequest,
) (*workflowservice.DescribeNamespaceResponse, error) {
	n, err := v.s.space(req.GetNamespace())
	if req.GetNamespace() == "" {
		n, err = v.s.spaceByID(req.GetId())
	}
	if err != nil {
		return nil, err
	}
	capabilities, _ := proto.Clone(v.s.options.Capabilities).(*namespacepb.NamespaceInfo_Capabilities)
	clusters := []*replicationpb.ClusterReplicationConfig{{ClusterName: clusterName}}
	if n.elsewhere != "" {
		clusters = append(clusters, &replicationpb.ClusterReplicationConfig{ClusterName: n.elsewhere})
	}
	return &workflowservice.DescribeNamespaceResponse{
		NamespaceInfo: &namespacepb.NamespaceInfo{
			Name: n.name, Id: n.id, State: enumspb.NAMESPACE_STATE_REGISTERED,
			Capabilities: capabilities,
			Limits: &namespacepb.NamespaceInfo_Limits{
				BlobSizeLimitError: int64(n.limits.Blob), MemoSizeLimitError: int64(n.limits.Memo),
			},
		},
		Config: &namespacepb.NamespaceConfig{
			WorkflowExecutionRetentionTtl: durationpb.New(retention),
			HistoryArchivalState:          enumspb.ARCHIVAL_STATE_DISABLED,
			VisibilityArchivalState:       enumspb.ARCHIVAL_STATE_DISABLED,
			BadBinaries:                   &namespacepb.BadBinaries{},
		},
		ReplicationConfig: &replicationpb.NamespaceReplicationConfig{
			ActiveClusterName: cmp.Or(n.elsewhere, clusterName),
			Clusters:          clusters,
			State:             enumspb.REPLICATION_STATE_NORMAL,
		},
	}, nil
}

// admits refuses a request to a namespace that is not there, whatever else it says,
// or with a task token of another one.
func (s *Service) admits(request any) error {
	named, ok := request.(interface{ GetNamespace() string })
	if !ok {
		return nil
	}
	name := named.GetNamespace()
	switch r := request.(type) {
	case *workflowservice.DescribeNamespaceRequest:
		if name == "" && r.GetId() == "" {
			return invalid(textNoNamespace)
		}
		return nil
	case *workflowservice.RegisterNamespaceRequest:
		return nil
	case *workflowservice.UpdateNamespaceRequest, *workflowservice.DeprecateNamespaceRequest:
		if name == "" {
			return invalid(textNoNamespace)
		}
	}
	tokened, hasToken := request.(interface{ GetTaskToken() []byte })
	if name == "" && hasToken {
		_, err := readToken(tokened.GetTaskToken()) // it tells the namespace
		return err
	}
	if name == "" {
		return invalid("Namespace is empty.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.space(name); err != nil || !hasToken {
		return err
	}
	if t, err := readToken(tokened.GetTaskToken()); err == nil && t.Namespace != "" && t.Namespace != name {
		return invalid("Operation requested with a token from a different namespace.")
	}
	return nil
}

func (s *Service) spaceByID(id string) (*namespace, error) {
	for _, n := range s.namespaces {
		if n.id == id {
			return n, nil
		}
	}
	return s.space(id)
}

// GetSystemInfo tells which server this is and what it can.
func (v *server) GetSystemInfo(
	context.Context, *workflowservice.GetSystemInfoRequest,
) (*workflowservice.GetSystemInfoResponse, error) {
	capabilities, _ := proto.Clone(v.s.options.SystemCapabilities).(*workflowservice.GetSystemInfoResponse_Capabilities)
	return &workflowservice.GetSystemInfoResponse{
		ServerVersion: v.s.options.ServerVersion, Capabilities: capabilities,
	}, nil
}
