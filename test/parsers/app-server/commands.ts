import type { AppCommand, AppFiles, AppServer } from '../../../parsers/app-server/app-server.ts'
import { readAppServer } from '../../../parsers/app-server/read-app-server.ts'
import type { PythonParser } from '../../../parsers/python/python-module.ts'
import { type Fact, known, unknown } from '../../../parsers/text/fact.ts'
import { splitQuotedWords } from '../../../parsers/text/quoted-words.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { writtenAt } from '../../../parsers/text/written-text.ts'

export interface CommandOptions {
  readonly files?: Readonly<Record<string, string>>
  /** A value, or null for one that nobody knows. */
  readonly environment?: Readonly<Record<string, string | null>>
  readonly directory?: string | null
  readonly python?: PythonParser | null
}

/** A command as it stands in a line; `?` is a word or a part of one that nobody knows. */
export function command(
  line: string,
  { environment = {}, directory = '/srv/app' }: CommandOptions = {},
): AppCommand {
  const source = textSource('/command', line.replaceAll('?', '\uE000'))
  const variables = textSource(
    '/environment',
    Object.entries(environment)
      .map(pair => pair.join('='))
      .join('\n'),
  )
  const whole = { source: variables, start: 0, end: variables.text.length }
  return {
    words: splitQuotedWords(writtenAt(source, 0, source.text.length)),
    directory: directory === null ? null : known(directory),
    environment: name => {
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined
      if (value === undefined) return null
      return value === null ? unknown('the machine sets it') : known(value, whole)
    },
  }
}

export function appFiles({ files = {}, python = null }: CommandOptions = {}): AppFiles {
  return {
    python,
    read: path => (Object.hasOwn(files, path) ? textSource(path, files[path]!) : 'missing'),
  }
}

export function server(line: string, options: CommandOptions = {}): AppServer | null {
  return readAppServer(command(line, options), appFiles(options))
}

/** The value, `?` where it is unknown. */
export function value<T>(fact: Fact<T> | null): T | '?' | null {
  return fact === null ? null : fact.known ? fact.value : '?'
}

/** Binds in short: `http 127.0.0.1:8000`. */
export function binds(found: AppServer | null): readonly string[] {
  return (found?.binds ?? []).map(({ protocol, address }) => {
    const at = address.known ? address.value : null
    if (at === null) return `${value(protocol)} ?`
    if (at.kind === 'unix') return `${value(protocol)} unix:${at.path}`
    return at.kind === 'ip'
      ? `${value(protocol)} ${at.host}:${at.port}`
      : `${value(protocol)} fd:${at.descriptor}`
  })
}
