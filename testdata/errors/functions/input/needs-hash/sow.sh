#!/bin/sh
printf 'kind: Seed\napiVersion: v1\nmetadata: {name: bean, annotations: {kustomize.config.k8s.io/needs-hash: often}}\n'
