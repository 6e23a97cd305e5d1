import { conclude, type RuleAnswers } from '../engine/run.ts'
import type { Finding } from '../engine/finding.ts'
import type { FileSystem } from '../files/file-system.ts'
import { fileNamer } from '../files/file-owner.ts'
import type { Machine } from '../files/machine.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { UnreadFile } from '../servers/unread-file.ts'
import type { UnderstoodMachine } from '../understand/understand.ts'
import { groupSites, MANY, type Site } from './group-sites.ts'
import { sitesThatDiffer } from './differences.ts'
import { renaming } from './rename.ts'
import { type Asked, withoutSites } from './shown-files.ts'
import { siteFiles } from './site-files.ts'
import { type Spread, spread } from './spread.ts'

/** A machine as the audit understood it, and what the rules said of each of its deployments. */
export interface AskedMachine {
  readonly understood: UnderstoodMachine
  readonly answers: readonly RuleAnswers[]
}

/** Those at the beginning of a group that are looked at; as many are named beside a finding. */
const FIRST = 7

/**
 * What `ask` says of a machine of which many sites differ in their names alone, by asking about a few of each kind;
 * null where these do not tell it, and the whole machine has to be asked about.
 *
 * Of each group its first sites and its last are looked at, for order may matter to them. They tell the others if
 * whoever adds some more sites gets, beside what was said before, what was said of the last of the first, with their
 * names; and if everything else that was read or looked for (other files, directories, what is not there) is the same
 * for all of them.
 */
export function askAlike<T extends AskedMachine>(machine: Machine, ask: (machine: Machine) => T): T | null {
  if (machine.repository !== undefined || machine.isDump) return null
  const files = siteFiles(machine)
  let groups = files.length === 0 ? [] : groupSites(files)
  const shown = new Set<Site>()
  // Those that are found to differ are looked at themselves, once, and names of several lengths apart, once.
  for (let round = 0; round < 4; round++) {
    const spreads = groups.flatMap(sites => spreadOver(sites.filter(site => !shown.has(site))))
    // Where most would be looked at anyway, it takes longer than to look at all.
    const left = spreads.reduce((sum, { from, to }) => sum + from.files.length * to.length, 0)
    if (2 * left < files.length || spreads.length === 0) return null
    const few = askWithout(
      machine,
      spreads.flatMap(({ to }) => to),
      ask,
    )
    if (!mayTell(few.result, spreads)) return null
    const different = sitesThatDiffer(machine.files, few.asked, spreads, groups.flat())
    if (different === null) return null
    for (const site of different) shown.add(site)
    if (different.size > 0) continue
    const tried = spreads.map(({ from, to }) => ({ from, to: sitesToTry(to) }))
    const more = askWithout(
      machine,
      spreads.flatMap(({ to }, index) => to.filter(site => !tried[index]?.to.includes(site))),
      ask,
    )
    if (isForetold(few.result, more.result, tried, machine))
      return withAll(few.result, spreads, machine.files)
    const parted = groups.flatMap(byLengths)
    if (parted.length === groups.length) return null
    groups = parted
  }
  return null
}

/** The sites whose names are equally long, group by group. */
function byLengths(sites: readonly Site[]): readonly (readonly Site[])[] {
  return [...groupBy(sites, ({ names }) => names.map(({ length }) => length).join(' ')).values()]
}

/** The last of the first, and those that it stands for; none where it would not be worth the doubt. */
function spreadOver(sites: readonly Site[]): readonly Spread[] {
  const from = sites[FIRST - 1]
  return from === undefined || sites.length < MANY ? [] : [{ from, to: sites.slice(FIRST, -1) }]
}

function askWithout<T extends AskedMachine>(
  machine: Machine,
  sites: readonly Site[],
  ask: (machine: Machine) => T,
): { readonly result: T; readonly asked: Asked } {
  const { machine: shown, asked } = withoutSites(machine, sites)
  const result = ask(shown)
  return { result: { ...result, understood: { ...result.understood, machine } }, asked }
}

/** False where something was seen that adds up over sites, or failed, or was not read of one. */
function mayTell({ understood, answers }: AskedMachine, spreads: readonly Spread[]): boolean {
  const { nginx, apache, deployments, failures } = understood
  const configurations = [...nginx, ...apache]
  const read = new Set(configurations.flatMap(({ sources }) => sources.map(({ path }) => path)))
  return (
    failures.length === 0 &&
    answers.every(({ crashes }) => crashes.length === 0) &&
    configurations.every(({ limit = null }) => limit === null) &&
    deployments.every(
      ({ facts, programs }) => facts.memory === null && programs.every(({ kind }) => kind !== 'postgres'),
    ) &&
    spreads.every(({ from }) => from.files.every(({ source }) => read.has(source.path)))
  )
}

/**
 * The next one, and of each name those that have the shortest and the longest: what a length makes a fault shows at
 * one of its ends.
 */
function sitesToTry(sites: readonly Site[]): readonly Site[] {
  const [next] = sites
  if (next === undefined) return []
  const tried = new Set([next])
  for (const index of next.names.keys()) {
    const lengthOf = ({ names }: Site): number => names[index]?.length ?? 0
    tried.add(sites.reduce((one, other) => (lengthOf(other) < lengthOf(one) ? other : one)))
    tried.add(sites.reduce((one, other) => (lengthOf(other) > lengthOf(one) ? other : one)))
  }
  return sites.filter(site => tried.has(site))
}

/** True where some more sites of each group add what was said of the one that stands for them. */
function isForetold(
  few: AskedMachine,
  more: AskedMachine,
  tried: readonly Spread[],
  machine: Machine,
): boolean {
  const nameOf = fileNamer(machine)
  return (
    few.answers.length === more.answers.length &&
    few.answers.every((answers, index) => {
      const foretold = spread(answers, tried, machine.files)
      if (foretold === null) return false
      const said = (more.answers[index] as RuleAnswers).found
      return textOf(conclude(foretold.found, nameOf).findings) === textOf(conclude(said, nameOf).findings)
    })
  )
}

/** Everything that findings say, in one text. */
function textOf(findings: readonly Finding[]): string {
  const texts = findings.map(finding =>
    JSON.stringify(finding, (_, value) =>
      (value as Source | null)?.code === undefined ? value : value.path,
    ),
  )
  return texts.sort().join('\n')
}

function withAll<T extends AskedMachine>(asked: T, spreads: readonly Spread[], files: FileSystem): T | null {
  const answers: RuleAnswers[] = []
  for (const each of asked.answers) {
    const all = spread(each, spreads, files)
    if (all === null) return null
    answers.push(all)
  }
  const { understood } = asked
  return {
    ...asked,
    answers,
    understood: {
      ...understood,
      nginx: understood.nginx.map(configuration => withFiles(configuration, spreads, files)),
      apache: understood.apache.map(configuration => withFiles(configuration, spreads, files)),
    },
  }
}

interface ReadFiles {
  readonly sources: readonly Source[]
  readonly unread?: readonly UnreadFile[]
}

/** What was read of the sites that stand for others, and what could not be, and the like of these. */
function withFiles<T extends ReadFiles>(configuration: T, spreads: readonly Spread[], files: FileSystem): T {
  const { sources, unread = [] } = configuration
  const spreadOf = new Map(spreads.flatMap(each => each.from.files.map(({ source }) => [source.path, each])))
  return {
    ...configuration,
    sources: sources.flatMap(source => {
      const spread = spreadOf.get(source.path)
      if (spread === undefined) return [source]
      return [source, ...spread.to.map(renaming(spread.from, files).source(source))]
    }),
    unread: unread.flatMap(file => {
      const spread = spreadOf.get(file.at.source.path)
      if (spread === undefined) return [file]
      const { place, text } = renaming(spread.from, files)
      const [at, path] = [place(file.at), text(file.path)]
      return [file, ...spread.to.map(site => ({ ...file, at: at(site), path: path(site) }))]
    }),
  }
}
