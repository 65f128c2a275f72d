// Copyright: (c) 2026, the mlops.ingress authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// The Go half of Emissary: turns Kubernetes objects into the snapshot that its Python half compiles.
//
// Reads one JSON request a line from standard input, {"ambassador_id": ..., "objects": [...]}, and answers with one
// JSON line, {"snapshot": ..., "errors": [...]}. It ends with its standard input.
//
// What an API server and Emissary's watcher do to an object of a custom resource is what Emissary's own
// ValidateAndConvertObject does to a document of an annotation: the schema of the version that it was written in,
// the conversion to v3alpha1, the schema of v3alpha1. So both go through it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	crdAll "github.com/emissary-ingress/emissary/v3/pkg/api/getambassador.io"
	amb "github.com/emissary-ingress/emissary/v3/pkg/api/getambassador.io/v3alpha1"
	"github.com/emissary-ingress/emissary/v3/pkg/kates"
	"github.com/emissary-ingress/emissary/v3/pkg/snapshot/v1"
)

var scheme = crdAll.BuildScheme()

type request struct {
	AmbassadorID string            `json:"ambassador_id"`
	Objects      []json.RawMessage `json:"objects"`
}

type answer struct {
	Snapshot *snapshot.Snapshot `json:"snapshot"`
	Errors   []string           `json:"errors"`
}

func main() {
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := json.NewEncoder(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		if err := output.Encode(handle(line)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// A panic ends Emissary as a whole: then there is no snapshot. Here it ends one request.
func handle(line []byte) (result answer) {
	defer func() {
		if reason := recover(); reason != nil {
			result = answer{Errors: []string{fmt.Sprintf("Go half of Emissary: panic: %v", reason)}}
		}
	}()
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{Errors: []string{fmt.Sprintf("request: %v", err)}}
	}
	return build(asked)
}

func build(asked request) answer {
	ctx := context.Background()
	kubernetes := &snapshot.KubernetesSnapshot{}
	result := answer{
		Errors: []string{},
		Snapshot: &snapshot.Snapshot{
			AmbassadorMeta: &snapshot.AmbassadorMetaInfo{AmbassadorID: asked.AmbassadorID},
			Kubernetes:     kubernetes,
			Consul:         &snapshot.ConsulSnapshot{},
		},
	}
	for number, object := range asked.Objects {
		un := &kates.Unstructured{}
		// Kubernetes' own decoder: it keeps whole numbers whole, and wants a kind.
		if err := un.UnmarshalJSON(object); err != nil {
			result.Errors = append(result.Errors, fmt.Sprintf("object %d: %v", number+1, err))
			continue
		}
		if err := add(ctx, result.Snapshot, un); err != nil {
			name := fmt.Sprintf("%s %s.%s", un.GetKind(), un.GetName(), un.GetNamespace())
			result.Errors = append(result.Errors, fmt.Sprintf("%s: %v", name, err))
		}
	}
	// As the watcher does: what is wrong with an annotation is logged, and the rest is compiled.
	if err := kubernetes.PopulateAnnotations(ctx); err != nil {
		result.Errors = append(result.Errors, err.Error())
	}
	return result
}

// The watcher hands on what fails validation as "Invalid"; an error is for what it would never see.
func add(ctx context.Context, target *snapshot.Snapshot, un *kates.Unstructured) error {
	switch apiVersion, kind := un.GetAPIVersion(), un.GetKind(); {
	case apiVersion == "v1" && kind == "Service":
		service := &kates.Service{}
		if err := typed(un, service); err != nil {
			return err
		}
		target.Kubernetes.Services = append(target.Kubernetes.Services, service)
		return nil
	case apiVersion == "v1" && kind == "Secret":
		secret := &kates.Secret{}
		if err := typed(un, secret); err != nil {
			return err
		}
		// The watcher leaves out secrets that nothing names; the Python half reads only those that something names.
		target.Kubernetes.Secrets = append(target.Kubernetes.Secrets, secret)
		return nil
	}
	// The API server stores no such object.
	if !scheme.Recognizes(un.GroupVersionKind()) {
		return fmt.Errorf("%s %s is not known", un.GetAPIVersion(), un.GetKind())
	}
	converted, err := snapshot.ValidateAndConvertObject(ctx, un)
	if err != nil {
		invalid := un.DeepCopy()
		invalid.Object["errors"] = err.Error()
		target.Invalid = append(target.Invalid, invalid)
		return nil
	}
	switch object := converted.(type) {
	case *amb.Listener:
		target.Kubernetes.Listeners = append(target.Kubernetes.Listeners, object)
	case *amb.Host:
		target.Kubernetes.Hosts = append(target.Kubernetes.Hosts, object)
	case *amb.Mapping:
		target.Kubernetes.Mappings = append(target.Kubernetes.Mappings, object)
	case *amb.Module:
		target.Kubernetes.Modules = append(target.Kubernetes.Modules, object)
	case *amb.TLSContext:
		target.Kubernetes.TLSContexts = append(target.Kubernetes.TLSContexts, object)
	default:
		return fmt.Errorf("this program has no place for a %T", converted)
	}
	return nil
}

// Kubernetes types are strict: a number where a string belongs is refused.
func typed(un *kates.Unstructured, target interface{}) error {
	text, err := json.Marshal(un.Object)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, target)
}
