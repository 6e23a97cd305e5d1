import { posix } from 'node:path'
import { type Fragment, fragmentSets } from './fragment-sets.ts'
import { MAIN_FILES } from './known-places.ts'
import type { Candidate } from './look.ts'
import { splitNested } from './nested-path.ts'
import type { PlacedTexts } from './placed-texts.ts'
import { PROGRAMS, type Program } from './program.ts'
import { isMain, toFragment } from './survey.ts'
import type { FoundMachine } from './found-machine.ts'

/** A text of a server, and the path at which it is written. */
interface PlacedCandidate {
  readonly at: string
  readonly candidate: Candidate
}

/**
 * The machines for which a script or a playbook writes files of servers, each with all that is written for it at its
 * place.
 */
export function machinesOfTexts(
  homes: readonly PlacedTexts[],
  candidates: readonly Candidate[],
): { readonly machines: readonly FoundMachine[]; readonly taken: ReadonlySet<string> } {
  const byPath = new Map(candidates.map(candidate => [candidate.path, candidate]))
  const taken = new Set<string>()
  const machines = homes.flatMap(mounts => {
    const linked = new Set(mounts.flatMap(({ at, disk }) => (WAITS.test(at) ? [] : [disk])))
    const placed = mounts.flatMap(({ at, disk }): readonly PlacedCandidate[] => {
      const candidate = byPath.get(disk)
      const isTwice = WAITS.test(at) && linked.has(disk)
      return candidate === undefined || isTwice ? [] : [{ at, candidate }]
    })
    const possible = PROGRAMS.map(program => mainsOf(program, placed))
    // Of several main files of one program nobody knows which it is started with.
    const left = new Set(possible.flatMap(mains => (mains.length > 1 ? mains : [])))
    const settled = placed.filter(({ at }) => !left.has(at))
    const [first] = settled
    if (first === undefined) return []
    for (const { candidate } of settled) taken.add(candidate.path)
    const [nginx = null, apache = null] = possible.map(([main, ...others]) =>
      others.length === 0 ? (main ?? null) : null,
    )
    const rest = settled.filter(({ at }) => at !== nginx && at !== apache)
    return [
      {
        directory: posix.dirname(splitNested(first.candidate.path)?.outer ?? first.candidate.path),
        mounts,
        mains: { nginx, apache },
        standIn: null,
        fragments: (reached: ReadonlySet<string>) =>
          fragmentSets(rest.filter(({ at }) => !reached.has(at)).map(fragmentOf)),
      },
    ]
  })
  return { machines, taken }
}

/** Where a file of a server waits to be enabled by a link. */
const WAITS = /\/(?:sites|conf|mods)-available\/[^/]+$/

/** The main files of a program, at the place of a package or by what is in them. */
function mainsOf(program: Program, placed: readonly PlacedCandidate[]): readonly string[] {
  const own = placed.filter(({ candidate }) => candidate.program === program)
  const known = own.filter(({ at }) => MAIN_FILES[program].includes(at))
  const found =
    known.length > 0 ? known : own.filter(({ at, candidate }) => isMain({ ...candidate, path: at }))
  return found.map(({ at }) => at)
}

function fragmentOf({ at, candidate }: PlacedCandidate): Fragment {
  return { ...toFragment(candidate), path: at, group: at, sample: false }
}
