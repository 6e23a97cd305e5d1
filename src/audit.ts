import { reveal } from '../parsers/text/placeholder.ts'
import { type AskedMachine, askAlike } from './alike/ask-alike.ts'
import { applySuppressions, type SuppressionSettings } from './apply-suppressions.ts'
import { isOfferedChoice } from './engine/offered-choice.ts'
import { acrossWorlds } from './engine/across-worlds.ts'
import { type Finding, settle } from './engine/finding.ts'
import { redactFinding } from './engine/redact-finding.ts'
import type { ProgramReport, Report } from './engine/report.ts'
import {
  type ActiveRule,
  askRules,
  type Crash,
  conclude,
  MOST_FINDINGS,
  type RuleAnswers,
  type RunResult,
} from './engine/run.ts'
import type { RuleFinding } from './engine/rule.ts'
import { SEVERITIES, type Severity } from './engine/severity.ts'
import { whyUnread } from './files/file-system.ts'
import type { Machine } from './files/machine.ts'
import { fileNamer } from './files/file-owner.ts'
import { limitNotice, type Notice, noticeLine } from './files/notice.ts'
import { listFiles } from './list-files.ts'
import { redactorFor } from './redactor-for.ts'
import { refusedHtaccess } from './refused-htaccess.ts'
import type { ApacheConfiguration } from './servers/apache/configuration.ts'
import { isStandIn } from '../parsers/text/stand-in.ts'
import { isForHtaccess } from './servers/apache/htaccess-alone.ts'
import {
  branchNotices,
  joinNotices,
  limitNotices,
  unreadNotices,
  withBrought,
  withoutRepeated,
} from './unread-notices.ts'
import type { AuditSettings } from './understand/settings.ts'
import { type SteadySets, understand, type UnderstoodMachine } from './understand/understand.ts'

/**
 * Audits the machines that discovery found: from files to the one value that every reporter prints.
 *
 * @param settingsOf where machines have settings of their own
 * @param onMachine called before each is read, which may take seconds
 */
export function audit(
  machines: readonly Machine[],
  root: string,
  settings: AuditSettings,
  settingsOf: (machine: Machine) => AuditSettings = () => settings,
  onMachine: (machine: Machine, index: number) => void = () => undefined,
): Report {
  const rules = rulesOf(machines.map(settingsOf), settings)
  const findings: Finding[] = []
  const crashes: Crash[] = []
  const programs: ProgramReport[] = []
  const notices: Notice[] = []
  const understood: UnderstoodMachine[] = []
  let fileCount = 0
  for (const [index, machine] of machines.entries()) {
    onMachine(machine, index)
    const audited = auditMachine(machine, settingsOf(machine))
    // There may be more of them than a call takes arguments.
    for (const finding of audited.findings) findings.push(finding)
    crashes.push(...audited.crashes)
    programs.push(...audited.programs)
    fileCount += audited.fileCount
    understood.push(audited.understood)
    for (const notice of noticesOf(audited.understood)) notices.push(notice)
  }
  const redact = redactorFor(
    machines,
    understood.flatMap(({ apache }) => apache),
  )
  notices.push(...tooMany(findings))
  const settled = settle(
    findings.map(finding => redactFinding(finding, redact)),
    machines.map(machine => machine.root),
  )
  const isComplete = crashes.length === 0 && !notices.some(({ incomplete }) => incomplete)
  const parted = applySuppressions(
    settled,
    understood,
    rules,
    settings.suppression ?? suppressionBy(rules),
    isComplete,
    redact,
  )
  return {
    tool: { name: 'deploy-audit', version: settings.toolVersion },
    root,
    machines: [...new Set(machines.map(machine => machine.root))],
    files: fileCount > 0 ? fileCount : readBeside(machines),
    fileList: listFiles(understood),
    programs,
    findings: parted.findings,
    suppressed: parted.suppressed,
    summary: summarise(parted.findings),
    rules: rules.map(({ rule }) => rule),
    crashes: crashes.map(crash => ({ ...crash, message: redact.message(crash.message) })),
    notices: withoutRepeated(notices).map(notice => ({
      ...notice,
      text: redact.message(reveal(notice.text)),
    })),
    complete: isComplete,
  }
}

/** How many files were read where none is a server's. */
function readBeside(machines: readonly Machine[]): number {
  return new Set(machines.flatMap(({ files }) => [...files.sources()])).size
}

/** Every rule that runs on some machine, sorted by id. */
function rulesOf(all: readonly AuditSettings[], { rules }: AuditSettings): readonly ActiveRule[] {
  if (all.every(settings => settings.rules === rules)) return rules
  const byId = new Map(all.flatMap(settings => settings.rules.map(active => [active.rule.id, active])))
  return [...byId.values()].sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1))
}

function suppressionBy(rules: AuditSettings['rules']): SuppressionSettings {
  const known = rules.flatMap(({ rule: { id } }) => [id, id.slice(0, id.indexOf('/'))])
  return { known, nearest: () => null, isWhole: true }
}

/** The rules that would have gone on and on. */
function tooMany(findings: readonly Finding[]): readonly Notice[] {
  if (findings.length < MOST_FINDINGS) return []
  const counts = new Map<string, number>()
  for (const { rule } of findings) counts.set(rule, (counts.get(rule) ?? 0) + 1)
  return [...counts]
    .filter(([, count]) => count >= MOST_FINDINGS)
    .map(([rule]) => limitNotice(null, `${rule} reports its first ${MOST_FINDINGS} findings; there are more`))
}

/** What was found on one machine, and its servers in the first of the worlds in which it was looked at. */
export interface AuditedMachine extends RunResult {
  readonly understood: UnderstoodMachine
  readonly programs: readonly ProgramReport[]
  /** Files of servers. */
  readonly fileCount: number
}

/**
 * Audits one machine.
 *
 * @param askFew asks about some of many sites that are alike, where these tell the others
 */
export function auditMachine(
  machine: Machine,
  settings: AuditSettings,
  askFew: typeof askAlike = askAlike,
): AuditedMachine {
  const ask = (machine: Machine): AskedPrograms => askInWorlds(machine, settings)
  const { understood, answers, programs } = askFew(machine, ask) ?? ask(machine)
  const results = answers.map(({ found }) => conclude(found, fileNamer(machine)))
  return {
    findings: results.flatMap(result => result.findings),
    crashes: [...answers, ...results].flatMap(({ crashes }) => crashes),
    understood,
    programs,
    fileCount: [...understood.nginx, ...understood.apache].reduce(
      (sum, { sources }) => sum + sources.filter(source => !isStandIn(source)).length,
      understood.htaccess.length,
    ),
  }
}

interface AskedPrograms extends AskedMachine {
  readonly programs: readonly ProgramReport[]
}

/** Asks about one machine in every world that its undecided conditions make a difference to. */
function askInWorlds(machine: Machine, settings: AuditSettings): AskedPrograms {
  const reached = new Set<string>()
  const failures = new Map<string, Notice>()
  const all: { readonly understood: UnderstoodMachine; readonly programs: readonly ProgramReport[] }[] = []
  const steady: SteadySets = { kept: 'not-asked' }
  const steadyAnswers = new Map<string, RuleAnswers>()
  const answers = acrossWorlds((world, ids) => {
    const isFirst = all.length === 0
    const fresh = new Map<string, RuleAnswers>()
    const understood = understand(machine, settings, world, reached, steady)
    // What fails fails in most worlds alike.
    for (const failure of understood.failures) failures.set(noticeLine(failure), failure)
    const rules = ids === null ? settings.rules : settings.rules.filter(({ rule }) => ids.has(rule.id))
    const alone = rules.filter(({ rule }) => rule.ofLoneHtaccess === true)
    const turns = world.turns
    const answers = understood.deployments.map(deployment => {
      const name = understood.steady.get(deployment)
      const known = name === undefined ? undefined : steadyAnswers.get(name)
      if (known !== undefined) return ids === null ? known : ofRules(known, ids)
      const asked = withoutStandIns(askRules(deployment.apache.every(isServer) ? rules : alone, deployment))
      if (name !== undefined && isFirst) fresh.set(name, asked)
      return asked
    })
    if (isFirst) {
      // A file that rules ask for, and that another world has otherwise, may be any deployment's.
      if (world.turns !== turns) steady.kept = null
      if (steady.kept !== null) for (const [name, asked] of fresh) steadyAnswers.set(name, asked)
    }
    if (ids === null) all.push({ understood, programs: programReports(understood, answers) })
    return answers
  })
  const [{ understood, programs }] = all as [(typeof all)[0]]
  return {
    answers: answers.map(withoutChoices),
    understood: { ...understood, failures: [...failures.values()] },
    // Refused is what is refused however the conditions come out.
    programs: programs.map(report => ({
      ...report,
      accepted: all.some(({ programs }) => isAccepted(programs, report)),
    })),
  }
}

/** What a template offers as one of two answers is the risk of whoever takes it. */
function withoutChoices({ found, crashes }: RuleAnswers): RuleAnswers {
  const isChoice = ({ active, finding }: RuleAnswers['found'][number]): boolean =>
    active.rule.securitySeverity !== undefined && isOfferedChoice(finding.at)
  return { crashes, found: found.filter(answer => !isChoice(answer)) }
}

/** What these rules said. */
function ofRules({ found, crashes }: RuleAnswers, ids: ReadonlySet<string>): RuleAnswers {
  return {
    found: found.filter(({ active }) => ids.has(active.rule.id)),
    crashes: crashes.filter(({ rule }) => ids.has(rule)),
  }
}

/** False for one that stands for whichever server reads a `.htaccess`: of that server itself nothing is known. */
function isServer({ main }: ApacheConfiguration): boolean {
  return main === null || !isForHtaccess(main)
}

/** What is wrong in a text that only stands for a file is nobody's fault, and nothing of it is shown. */
function withoutStandIns({ found, crashes }: RuleAnswers): RuleAnswers {
  if (!found.some(({ finding }) => namesStandIn(finding))) return { found, crashes }
  return {
    crashes,
    found: found
      .filter(({ finding }) => !isStandIn(finding.at.source))
      .map(({ active, finding }) => {
        if (!namesStandIn(finding)) return { active, finding }
        const { related = [], fix, ...rest } = finding
        const written = related.filter(({ at }) => !isStandIn(at.source))
        const isPossible = fix?.edits.every(({ source }) => !isStandIn(source)) === true
        return { active, finding: { ...rest, related: written, ...(isPossible && { fix }) } }
      }),
  }
}

function namesStandIn({ at, related = [], fix }: RuleFinding): boolean {
  return (
    isStandIn(at.source) ||
    related.some(place => isStandIn(place.at.source)) ||
    fix?.edits.some(({ source }) => isStandIn(source)) === true
  )
}

function isAccepted(programs: readonly ProgramReport[], { program, main }: ProgramReport): boolean {
  return programs.some(report => report.program === program && report.main === main && report.accepted)
}

/** Asked after the audit, which reads most. */
function noticesOf(understood: UnderstoodMachine): readonly Notice[] {
  const { machine, nginx, apache, deployments, failures, containers } = understood
  const { files, fileName } = machine
  const unread = [...nginx, ...apache.filter(isServer)].flatMap(server => unreadNotices(server, machine))
  const inDirectories = refusedHtaccess({ machine, apache }).map(
    (path): Notice => ({
      code: files.read(path).kind === 'too-large' ? 'too-large' : 'unreadable',
      path: fileName(path),
      line: null,
      text: whyUnread(files, path),
      incomplete: true,
    }),
  )
  const limits = deployments.flatMap(deployment =>
    deployment.applications.map(application => deployment.pythonOf(application)?.settings?.limit ?? null),
  )
  const branches = [...nginx, ...apache].flatMap(server => branchNotices(server, fileName))
  const ofServers = [...failures, ...unread, ...inDirectories, ...branches, ...limitNotices(limits, fileName)]
  return joinNotices(ofServers, withBrought(machine.notices(), containers, fileName))
}

/** @param answers what rules found, the ones among them that say what a server refuses */
function programReports(
  { machine, nginx, apache }: UnderstoodMachine,
  answers: readonly RuleAnswers[],
): readonly ProgramReport[] {
  const refused = new Set(
    answers.flatMap(({ found }) =>
      found.flatMap(({ finding }) => (finding.fatal ? [finding.at.source] : [])),
    ),
  )
  return [...nginx, ...apache].map(server => {
    const { program, main, problems, sources, version } = server
    return {
      program,
      main: main === null || isStandIn(main) ? null : machine.fileName(main.path),
      accepted: !problems.some(problem => problem.fatal) && !sources.some(source => refused.has(source)),
      refusedInTemplate: problems.some(problem => problem.inTemplate === 'refused'),
      whole: !unreadNotices(server, machine).some(({ incomplete }) => incomplete),
      version: version.value,
      versionFrom: version.from,
    }
  })
}

function summarise(findings: readonly Finding[]): Record<Severity, number> {
  const summary = Object.fromEntries(SEVERITIES.map(severity => [severity, 0])) as Record<Severity, number>
  for (const { severity } of findings) summary[severity]++
  return summary
}
