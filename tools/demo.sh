#!/bin/sh
# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `make demo`: renders the three example environments into build/demo and shows that a second run changes nothing.
set -eu

log=build/demo.log
mkdir -p build

render() { # render ENVIRONMENT: the report goes to build/demo-ENVIRONMENT.txt, what Ansible prints to the log
    ansible-playbook -i "examples/inventories/$1/hosts.yml" mlops.ingress.render \
        -e mlops_report="$PWD/build/demo-$1.txt" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
}

for environment in dev staging production; do
    printf '\n===== %s: examples/definitions -> build/demo/%s =====\n\n' "$environment" "$environment"
    render "$environment"
    cat "build/demo-$environment.txt"
    printf '\nThe second run:\n'
    render "$environment"
    if ! grep -E 'changed=0 .*failed=0' "$log"; then
        cat "$log" >&2
        echo "The second run was expected to change nothing." >&2
        exit 1
    fi
done
printf '\nThe manifests are in build/demo. Look at one of them, for example:\n  %s\n' \
    build/demo/production/models/VirtualService-example.yaml
