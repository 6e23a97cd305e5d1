import { mainServerLines } from '../queries/main-server-lines.ts'
import { isUnknownWord } from '../../../../parsers/text/source.ts'
import { type Fact, known, unknown } from '../../fact.ts'
import { toBytes } from '../../regex.ts'
import type { ApacheDirective } from '../configuration.ts'
import { directivesAt } from '../queries/effective.ts'
import { namePlace } from '../queries/places.ts'
import type { Level } from '../queries/sections-for.ts'
import { matchPattern } from './match-pattern.ts'
import type { RequestRecord } from './request.ts'
import { substitute } from './url-text.ts'
import { headerValue } from './header-value.ts'

/** What the environment of the server itself holds is known to nobody here. */
const OF_THE_PROCESS = /^(?:APACHE_\w+|PATH|LANG|LC_\w+|HOME|USER|PWD|SHELL|TZ|HOSTNAME)$/

/** `%{ENV:NAME}`, which stays empty as long as nothing sets it. */
export function environmentValue({ env }: RequestRecord, name: string): Fact<string> {
  const value = env.get(name)
  if (value !== undefined) return value
  return OF_THE_PROCESS.test(name)
    ? unknown(`the variable \`${name}\` of the server is not known`)
    : known('')
}

const CONDITIONAL = [
  'SetEnvIf',
  'SetEnvIfNoCase',
  'BrowserMatch',
  'BrowserMatchNoCase',
  'SetEnvIfExpr',
] as const

/** Applies `SetEnvIf` and its like of these levels: those of the server first, those of directories later. */
export function setConditionally(record: RequestRecord, levels: readonly Level[]): void {
  const { configuration } = record.walk
  for (const level of levels) {
    if (!holdsAny(record, level)) continue
    for (const directive of inOrder(level, mainServerLines(configuration)))
      apply(record, directive, level.applies)
  }
}

function holdsAny({ walk: { configuration } }: RequestRecord, level: Level): boolean {
  return CONDITIONAL.some(name => directivesAt(configuration, level, name).length > 0)
}

function inOrder({ htaccess, section }: Level, top: readonly ApacheDirective[]): readonly ApacheDirective[] {
  const names: readonly string[] = CONDITIONAL
  return (htaccess ?? section?.children ?? top).filter(({ name }) => names.includes(name))
}

function apply(record: RequestRecord, directive: ApacheDirective, applies: true | undefined): void {
  const isBrowser = directive.name.startsWith('Browser')
  const words = directive.args.map(({ value }) => value)
  const attribute = isBrowser ? 'User-Agent' : (words.shift() ?? '')
  const isExpression = directive.name === 'SetEnvIfExpr'
  const pattern = isExpression ? '' : (words.shift() ?? '')
  const value = isExpression ? unknown<string>('an expression decides') : attributeValue(record, attribute)
  const match =
    !value.known || applies === undefined || isUnknownWord(pattern)
      ? undefined
      : matchPattern(pattern, value.value, directive.name.endsWith('NoCase'))
  if (match === null) return
  for (const word of words) {
    const equals = word.indexOf('=')
    const isUnset = equals === -1 && word.startsWith('!')
    const name = isUnset ? word.slice(1) : equals === -1 ? word : word.slice(0, equals)
    if (match === undefined) {
      const reason = `whether \`${directive.name}\` sets \`${name}\` is not known here`
      record.env.set(name, unknown(reason, namePlace(directive)))
    } else if (isUnset) record.env.delete(name)
    // A value that begins with `!` takes the variable away too.
    else if (word[equals + 1] === '!' && equals !== -1) record.env.delete(name)
    else {
      const text = equals === -1 ? '1' : toBytes(word.slice(equals + 1))
      record.env.set(name, known(substitute(text, match.captures), namePlace(directive)))
    }
  }
}

function attributeValue(record: RequestRecord, attribute: string): Fact<string> {
  const { request } = record.walk
  switch (attribute.toLowerCase()) {
    case 'remote_addr':
      return request.client === undefined ? unknown('the client is not known here') : known(request.client)
    case 'remote_host':
      return unknown('a resolver knows the name of the client')
    case 'request_uri':
      return known(record.uri)
    case 'request_method':
      return known(record.method)
    case 'request_protocol':
      return known('HTTP/1.1')
    case 'server_addr':
      return request.address?.kind === 'ip'
        ? known(request.address.ip)
        : unknown('the address is not known here')
  }
  if (!/^[\w-]+$/.test(attribute)) return unknown('a pattern names the header')
  const header = headerValue(record, attribute)
  if (!header.known || header.value !== '') return header
  return environmentValue(record, attribute)
}

/** `SetEnv` and `UnsetEnv`, which come after mod_rewrite's rules of a directory. */
export function setPlainly(record: RequestRecord): void {
  const { configuration } = record.walk
  for (const level of record.levels) {
    for (const directive of directivesAt(configuration, level, 'SetEnv')) {
      const name = directive.args[0]?.value ?? ''
      const value = toBytes(directive.args[1]?.value ?? '')
      record.env.set(
        name,
        level.applies === true ? known(value) : unknown('a section that may apply sets it'),
      )
    }
    for (const { args } of directivesAt(configuration, level, 'UnsetEnv'))
      for (const { value } of args) record.env.delete(value)
  }
}

/** What an internal redirect starts with: every variable under a name that begins with `REDIRECT_`. */
export function redirectEnvironment({ env }: RequestRecord, status: number): Map<string, Fact<string>> {
  const renamed = new Map<string, Fact<string>>()
  for (const [name, value] of env) renamed.set(`REDIRECT_${name}`, value)
  renamed.set('REDIRECT_STATUS', known(String(status)))
  return renamed
}
