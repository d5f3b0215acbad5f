#!/bin/sh
tee seen.yaml
