import { resolve } from 'node:path'
import { audit, understand } from '../audit.ts'
import { type DeploymentMap, deploymentMap } from '../deployment/deployment-map.ts'
import type { Rule } from '../engine/rule.ts'
import { InputError } from '../files/input-error.ts'
import { mapDot } from '../report/map/map-dot.ts'
import { mapMermaid } from '../report/map/map-mermaid.ts'
import { mapText } from '../report/map/map-text.ts'
import type { Arguments } from './arguments.ts'
import { prepare } from './prepare.ts'
import { loadChalk, type Terminal, wantsColor } from './terminal.ts'
import { writeOutput } from './write-output.ts'

/** Draws the joined picture of every deployment, what is surely wrong marked in it. */
export async function runMap(given: Arguments, rules: readonly Rule[], terminal: Terminal): Promise<number> {
  if (given.words.length === 0) throw new InputError('map needs a path')
  const { hosts, root, settings } = await prepare(given, rules, terminal)
  const { findings } = audit(hosts, root, settings)
  const faults = findings
    .filter(({ severity }) => severity === 'error')
    .map(({ rule, message, at }) => ({ rule, message, file: at.file, line: at.line }))
  const maps = hosts.flatMap(host =>
    understand(host, settings).deployments.map(deployment =>
      deploymentMap(deployment, host.fileName, faults),
    ),
  )
  const isFile = given.output !== null && given.output !== '-'
  const chalk = await loadChalk(
    wantsColor(given.color, isFile ? { ...terminal, isInteractive: false } : terminal),
  )
  const text = maps.map(map => draw(map, given.format, chalk)).join('\n')
  if (given.output !== null && isFile)
    writeOutput(resolve(terminal.workingDirectory, given.output), text, given.output)
  else terminal.print(text)
  return 0
}

function draw(map: DeploymentMap, format: Arguments['format'], chalk: Parameters<typeof mapText>[1]): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(map, null, 2)}\n`
    case 'mermaid':
      return mapMermaid(map)
    case 'dot':
      return mapDot(map)
    default:
      return mapText(map, chalk)
  }
}
