/**
 * One audit of a directory, stage by stage: prints the milliseconds of each as JSON. `bench.ts` bundles it as the
 * command line is bundled, since compiled code is what users wait for.
 */
import { rules } from '../rules/index.generated.ts'
import { understand } from '../src/understand/understand.ts'
import { loadParsers } from '../src/cli/load-parsers.ts'
import { DEFAULT_SITE_FACTS } from '../src/deployment/site-facts.ts'
import { isOnByDefault } from '../src/engine/asked-for.ts'
import type { Rule } from '../src/engine/rule.ts'
import { runRules } from '../src/engine/run.ts'
import { discover } from '../src/files/discover.ts'
import { fileNamer } from '../src/files/file-owner.ts'

/** Milliseconds. */
export interface Stages {
  /** Finding the files and what they are. */
  readonly discovery: number
  /** Both servers' configurations: files read, parsed, put together, and checked as `-t` does. */
  readonly reading: number
  /** The rules that see the servers as one system, with the model that they ask. */
  readonly deployment: number
  /** The rules of one server alone. */
  readonly alone: number
}

const isAlone = ({ id }: Rule): boolean => id.startsWith('nginx/') || id.startsWith('apache/')
let last = performance.now()

async function measure(directory: string): Promise<Stages> {
  const machines = discover([directory], { workingDirectory: process.cwd() })
  const parsers = await loadParsers(machines, [])
  const discovery = lap()
  const understood = machines.map(machine =>
    understand(machine, {
      toolVersion: '',
      rules: [],
      facts: DEFAULT_SITE_FACTS,
      versions: {},
      includeMap: [],
      ...parsers,
    }),
  )
  const reading = lap()
  check(
    understood,
    rules.filter(rule => !isAlone(rule) && isOnByDefault(rule.id)),
  )
  const deployment = lap()
  check(
    understood,
    rules.filter(rule => isAlone(rule) && isOnByDefault(rule.id)),
  )
  return { discovery, reading, deployment, alone: lap() }
}

function check(understood: readonly ReturnType<typeof understand>[], chosen: readonly Rule[]): void {
  const active = chosen.map(rule => ({ rule, severity: null }))
  for (const { machine, deployments } of understood) {
    for (const each of deployments) {
      // A figure of rules that crashed would be a figure of something else.
      for (const { rule, message } of runRules(active, each, fileNamer(machine)).crashes) {
        throw new Error(`${rule}: ${message}`)
      }
    }
  }
}

function lap(): number {
  const now = performance.now()
  const passed = now - last
  last = now
  return passed
}

void measure(process.argv[2] ?? '.').then(stages => console.log(JSON.stringify(stages)))
