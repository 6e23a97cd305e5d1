import type { Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Machine, StartedCommand } from '../../src/deployment/model.ts'
import { jobsOfRoot } from '../app-server/_crontabs.ts'

/** A command of cron that root runs. */
export interface RootJob {
  readonly text: string
  /** Where it changes to; null where it does not. */
  readonly directory: string | null
  /** The user, where the line names one. */
  readonly at: Place
}

export function rootJobs({ files }: Machine): readonly RootJob[] {
  return jobsOfRoot(files).map(({ user, command }) => {
    const { text } = command
    const [, directory = null] = /(?:^|[;&]\s*)cd\s+(\/[\w./-]+)\s*(?:&&|;)/.exec(text) ?? []
    return { text, directory, at: (user ?? command).at }
  })
}

/** Where a unit says that root runs its command, or says nobody else; null where somebody else does, or no unit starts it. */
export function rootOfUnit({ by, service, words: [first] }: StartedCommand): Place | null {
  if (by !== 'systemd' || service === null || service.dynamicUser !== null || first === undefined) return null
  const { user } = service
  if (user !== null && !(user.known && isRoot(user.value))) return null
  return user?.at ?? placeOf(first)
}

export const isRoot = (name: string): boolean => name === 'root' || name === '0'
