#!/bin/sh
cat > seen.yaml
cat <<'END'
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: jar
    annotations:
      kustomize.config.k8s.io/needs-hash: "true"
  data: {honey: sweet}
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: hive
    annotations:
      kustomize.config.k8s.io/behavior: merge
  data: {honey: "1"}
- apiVersion: batch/v1
  kind: Job
  metadata:
    name: harvest
    annotations:
      kustomize.config.k8s.io/needs-hash: "true"
  spec: {template: {}}
END
