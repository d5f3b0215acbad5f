#!/bin/sh
echo 'kind: [ConfigMap'
