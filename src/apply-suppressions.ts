import type { Source } from '../parsers/text/source.ts'
import { positionAt } from '../parsers/text/source.ts'
import { compareFindings, type Finding, settle, toFinding } from './engine/finding.ts'
import { mergeFindings } from './engine/merge.ts'
import { redactFinding } from './engine/redact-finding.ts'
import type { ActiveRule } from './engine/run.ts'
import { type LocatedSuppression, type SuppressedFinding, suppress } from './engine/suppress.ts'
import type { Machine } from './files/machine.ts'
import type { Redactor } from './secrets/redactor.ts'
import {
  type CommentLanguage,
  mayHoldSuppressions,
  readSuppressions,
} from './suppressions/read-suppressions.ts'

/** The servers of a machine, as far as they say in which language a file is written. */
export interface ReadMachine {
  readonly machine: Machine
  readonly nginx: readonly { readonly sources: readonly Source[] }[]
  readonly apache: readonly { readonly sources: readonly Source[] }[]
}

export interface SuppressionSettings {
  /** Ids and groups of all rules that there are, whether or not they run. */
  readonly known: readonly string[]
  /** The name that was meant by an unknown one; null where nothing is close. */
  readonly nearest: (name: string) => string | null
  /** False where single files were named: then the other half of a finding may be missing. */
  readonly isWhole: boolean
}

/**
 * Parts settled findings by the suppression comments of all files that were read, and adds what is wrong with
 * these.
 *
 * @param isComplete false where some rule failed or some file could not be read, so that nothing found means nothing
 */
export function applySuppressions(
  findings: readonly Finding[],
  machines: readonly ReadMachine[],
  rules: readonly ActiveRule[],
  { known, nearest, isWhole }: SuppressionSettings,
  isComplete: boolean,
  redact: Redactor,
): { readonly findings: readonly Finding[]; readonly suppressed: readonly SuppressedFinding[] } {
  const located = locatedSuppressions(machines)
  if (located.length === 0) return { findings, suppressed: [] }
  const running = new Set(rules.map(({ rule }) => rule.id))
  const isRule = (name: string): boolean => name.includes('/')
  const parted = suppress(findings, located, {
    known: new Set(known),
    nearest,
    ran: name =>
      isWhole &&
      isComplete &&
      (isRule(name) ? running.has(name) : known.every(id => !id.startsWith(`${name}/`) || running.has(id))),
  })
  const byId = new Map(rules.map(active => [active.rule.id, active]))
  const faults = parted.faults.flatMap(({ rule: id, finding, file }) => {
    const active = byId.get(id)
    if (active === undefined) return []
    const { rule, severity } = active
    return mergeFindings([finding], rule).map(merged =>
      redactFinding(
        toFinding(rule, merged, severity ?? merged.severity, () => file),
        redact,
      ),
    )
  })
  const suppressed = parted.suppressed.map(finding => {
    const { suppression } = finding
    return { ...finding, suppression: { ...suppression, reason: redact.message(suppression.reason) } }
  })
  if (faults.length === 0) return { findings: parted.findings, suppressed }
  const roots = machines.map(({ machine }) => machine.root)
  return { findings: [...parted.findings, ...settle(faults, roots)].sort(compareFindings), suppressed }
}

/** A file may be read for several machines, and by a server for one of them alone. */
function locatedSuppressions(machines: readonly ReadMachine[]): readonly LocatedSuppression[] {
  const byFile = new Map<string, { readonly language: CommentLanguage; readonly source: Source }>()
  for (const { machine, nginx, apache } of machines) {
    const read = (source: Source, language: CommentLanguage | null): void => {
      if (language === null || !mayHoldSuppressions(source)) return
      const file = machine.fileName(source.path)
      if (!byFile.has(file)) byFile.set(file, { language, source })
    }
    for (const { sources } of nginx) for (const source of sources) read(source, 'nginx')
    for (const { sources } of apache) for (const source of sources) read(source, 'apache')
    for (const source of machine.files.sources())
      if (mayHoldSuppressions(source)) read(source, languageOf(source.path))
  }
  return [...byFile].flatMap(([file, { language, source }]) =>
    readSuppressions(source, language).map(each => ({
      ...each,
      file,
      line: positionAt(source, each.at.start).line,
    })),
  )
}

/**
 * The language that a name tells of a file that no nginx and no Apache reads; null for one that may be a server's
 * file which is not in use.
 */
function languageOf(path: string): CommentLanguage | null {
  for (const [language, pattern] of NAMES) if (pattern.test(path)) return language
  return null
}

const NAMES: readonly (readonly [CommentLanguage, RegExp])[] = [
  ['python', /\.(?:py|wsgi)$/],
  ['yaml', /\.ya?ml$/],
  [
    'unit',
    /\.(?:service|socket|ini)$|\.(?:service|socket)\.d\/[^/]*\.conf$|\/(?:pool|php-fpm)\.d\/[^/]*\.conf$/,
  ],
  ['shell', /\.sh$|\/envvars$|\/\.profile$/],
  ['apache', /\/\.htaccess$/],
  [
    'plain',
    /\/(?:Dockerfile|Containerfile)(?:\.[^/]*)?$|\/(?:\.env(?:\.[^/]*)?|[^/]*\.env|Procfile|postgresql\.conf|supervisord?\.conf)$/,
  ],
]
