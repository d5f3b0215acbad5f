"""The inputs: generated trees of any size, and real ones of `../shared/bench` if they are present."""

import os
import subprocess

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BENCH = os.path.join(PROJECT, "..", "shared", "bench")
ROOTS = os.path.normpath(os.path.join(PROJECT, "..", "shared", "conformance", "realworld", "repos"))
REAL = {"Kubeflow": "kubeflow-example/input/example", "Argo Workflows": "argo-workflows/input/manifests/cluster-install"}
FEATURES = (
    "prefix namespace labels annotations images replicas json-patch strategic-merge generators replacements".split()
)

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  level: info\n"
PATCH = "patches:\n- patch: |\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: settings}\n    data: {level: debug}\n"


class Trees:
    """Writes generated trees below a folder, with the example program `generated_tree`."""

    def __init__(self, folder):
        self.folder = folder
        build = ["cargo", "build", "--locked", "--quiet", "--example", "generated_tree"]
        subprocess.run(build, cwd=PROJECT, check=True)
        target = os.environ.get("CARGO_TARGET_DIR", os.path.join(PROJECT, "target"))
        self.program = os.path.join(target, "debug", "examples", "generated_tree")

    def overlay(self, resources, *features):
        """The overlay with some features, of a tree of `resources` objects."""
        folder = os.path.join(self.folder, "-".join([str(resources), *features]))
        subprocess.run([self.program, folder, str(resources), *features], check=True)
        return os.path.join(folder, "overlay")

    def one(self, *, patched):
        """A kustomization of one ConfigMap."""
        folder = os.path.join(self.folder, "patched" if patched else "one")
        os.makedirs(folder)
        with open(os.path.join(folder, "map.yaml"), "w", encoding="utf-8") as file:
            file.write(CONFIG_MAP)
        with open(os.path.join(folder, "kustomization.yaml"), "w", encoding="utf-8") as file:
            file.write("resources:\n- map.yaml\n" + (PATCH if patched else ""))
        return folder


def real():
    """The name and directory of each real input that is present."""
    found = {name: os.path.normpath(os.path.join(BENCH, path)) for name, path in REAL.items()}
    return {name: path for name, path in found.items() if os.path.isdir(path)}


def roots(every):
    """Every `every`th kustomization of a large repository, as paths from ROOTS. Empty if it is absent."""
    listed = os.path.join(BENCH, "render-all", "infra-deployments.roots")
    if not os.path.isfile(listed):
        return []
    with open(listed, encoding="utf-8") as file:
        return file.read().split()[::every]
