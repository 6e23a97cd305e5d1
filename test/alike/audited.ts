import { askAlike } from '../../src/alike/ask-alike.ts'
import { type AuditedMachine, auditMachine } from '../../src/audit.ts'
import type { Rule } from '../../src/engine/rule.ts'
import { EMPTY_ENVIRONMENT } from '../../src/servers/apache/environment.ts'
import { machineOf, settingsOf } from '../rules/audit-files.ts'
import type { Tree } from './sites.ts'

/** A tree as it is audited when a few of its sites are looked at, and when all are. */
export interface BothWays {
  /** Null where few do not tell the others. */
  readonly few: AuditedMachine | null
  readonly whole: AuditedMachine
  /** How often a part of the tree was looked at. */
  readonly looks: number
}

export function auditBothWays(
  tree: Tree,
  rules: readonly Rule[],
  modes: Readonly<Record<string, number>> = {},
): BothWays {
  const settings = {
    ...settingsOf(tree['.auditrc'], rules, () => EMPTY_ENVIRONMENT),
  }
  let looks = 0
  let isTold = false
  const few = auditMachine(machineOf(tree, modes), settings, (machine, ask) => {
    const told = askAlike(machine, shown => {
      looks++
      return ask(shown)
    })
    isTold = told !== null
    return told
  })
  return {
    few: isTold ? few : null,
    whole: auditMachine(machineOf(tree, modes), settings, () => null),
    looks,
  }
}

/** All that an audit says and has read. */
export function saidBy({
  findings,
  fileCount,
  programs,
  understood: { nginx, apache },
}: AuditedMachine): unknown {
  return {
    findings: findings
      .map(finding =>
        JSON.stringify(finding, (_, value) => (typeof value?.code === 'string' ? value.path : value)),
      )
      .sort(),
    fileCount,
    programs,
    read: [...nginx, ...apache].map(({ sources, unread = [] }) => ({
      sources: sources.map(({ path }) => path).sort(),
      unread: unread.map(({ path, at }) => `${path} ${at.source.path}`).sort(),
    })),
  }
}
