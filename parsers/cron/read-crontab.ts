import type { Place, Source } from '../text/source.ts'

/** A line of a crontab that starts a command. */
export interface CronJob {
  /** The account, where the file has a column for it. */
  readonly user: CronWord | null
  /** What the shell is given: all that stands behind the times and the account, `%` as it is written. */
  readonly command: CronWord
}

/** `PATH=/usr/bin`: cron takes it as it is written. */
export interface CronVariable {
  readonly name: string
  readonly value: CronWord
}

export interface CronWord {
  readonly text: string
  readonly at: Place
}

export interface Crontab {
  readonly jobs: readonly CronJob[]
  readonly variables: readonly CronVariable[]
}

const TIMES = /^[ \t]*(?:@\w+|(?:[\d*][^\s=]*|[A-Za-z]{3}(?:[-,][^\s=]*)?)(?:[ \t]+[\w*][^\s=]*){4})[ \t]+/
const VARIABLE = /^[ \t]*(["']?)([A-Za-z_]\w*)\1[ \t]*=[ \t]*(.*?)[ \t]*$/

/**
 * Reads a crontab line by line; what is neither a job nor a variable is passed over.
 *
 * @param hasUser true for `/etc/crontab` and `/etc/cron.d`, whose sixth word is an account
 */
export function readCrontab(source: Source, hasUser: boolean): Crontab {
  const jobs: CronJob[] = []
  const variables: CronVariable[] = []
  const word = (start: number, text: string): CronWord => ({
    text,
    at: { source, start, end: start + text.length },
  })
  let begin = 0
  for (const line of source.code.split('\n')) {
    const start = begin
    begin += line.length + 1
    if (/^[ \t]*(?:#|$)/.test(line)) continue
    const times = TIMES.exec(line)?.[0]
    if (times !== undefined) {
      const rest = line.slice(times.length).trimEnd()
      const user = hasUser ? (/^\S+/.exec(rest)?.[0] ?? '') : null
      const command = user === null ? rest : rest.slice(user.length).trimStart()
      const behind = start + times.length + rest.length - command.length
      jobs.push({
        user: user === null ? null : word(start + times.length, user),
        command: word(behind, command),
      })
      continue
    }
    const [, , name, value] = VARIABLE.exec(line) ?? []
    if (name !== undefined && value !== undefined)
      variables.push({ name, value: word(start + line.trimEnd().length - value.length, value) })
  }
  return { jobs, variables }
}
