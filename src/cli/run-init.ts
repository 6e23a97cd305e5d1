import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { InputError } from '../files/input-error.ts'
import { AUDITRC } from './auditrc/find-auditrc.ts'
import type { Terminal } from './terminal.ts'
import { writeOutput } from './write-output.ts'

/** What a new `.auditrc` holds: the keys that most owners need, commented out. */
export const STARTER = `# deploy-audit reads this file from the audited directory upwards.
# Every key: https://github.com/deploy-audit/deploy-audit/blob/main/.auditrc.example

# The directory that stands for /, relative to this file.
# root: .

# Files in which nothing is reported.
# ignore:
#   - examples/**

# A rule or a whole group: off, info, warning or error.
# rules:
#   sizing: off
#   tls/weak-protocol: error

# The same for some files alone.
# overrides:
#   - files: [legacy/**]
#     rules:
#       tls: info

# What no configuration file says.
# facts:
#   threadSafe: true
#   canonicalHosts: [example.org]
`

/** Writes a `.auditrc` to begin with, never over one that is there. */
export function runInit({ workingDirectory, warn }: Terminal): number {
  const path = resolve(workingDirectory, AUDITRC)
  if (existsSync(path)) throw new InputError(`${AUDITRC} is there already`)
  writeOutput(path, [STARTER], AUDITRC)
  warn(`${AUDITRC} written`)
  return 0
}
