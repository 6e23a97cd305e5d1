import { memo } from '../../parsers/collections/memo.ts'
import { type AcmeShDomain, readAcmeShDomain } from '../../parsers/certbot/acme-sh.ts'
import {
  type Renewal,
  type RenewalHook,
  type RenewalWebroot,
  readRenewal,
} from '../../parsers/certbot/renewal.ts'
import {
  commandWebroots,
  settingWebroots,
  type WrittenWebroot,
} from '../../parsers/certbot/written-webroots.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../files/file-system.ts'
import { serviceCommands } from './service-commands.ts'
import { setupCommands } from './setups/setup-commands.ts'

export const CERTBOT = '/etc/letsencrypt'

/** How certbot renews each certificate of a machine. */
export const renewals = memo((files: FileSystem): readonly Renewal[] =>
  (files.list(`${CERTBOT}/renewal`) ?? [])
    .filter(({ name, kind }) => kind === 'file' && name.endsWith('.conf'))
    .flatMap(({ name }) => {
      const source = sourceAt(files, `${CERTBOT}/renewal/${name}`)
      return source === null ? [] : [readRenewal(source)]
    }),
)

/** Where acme.sh keeps its domains: of root, and as its documentation has it for all. */
const ACME_SH = ['/root/.acme.sh', '/etc/acme.sh', '/opt/acme.sh']

/** How acme.sh renews each certificate of a machine. */
export const acmeShDomains = memo((files: FileSystem): readonly AcmeShDomain[] =>
  ACME_SH.flatMap(home =>
    (files.list(home) ?? [])
      .filter(({ kind }) => kind === 'directory')
      .flatMap(({ name }) => {
        const path = `${home}/${name}/${name.replace(/_ecc$/, '')}.conf`
        const source = sourceAt(files, path)
        return source === null ? [] : [readAcmeShDomain(source)]
      }),
  ),
)

/** Every name whose challenge is put into a directory that a web server has to serve, on a machine. */
export const acmeWebroots = memo((files: FileSystem): readonly RenewalWebroot[] => [
  ...renewals(files).flatMap(({ authenticator, webroots }) => (authenticator === 'webroot' ? webroots : [])),
  ...acmeShDomains(files).flatMap(({ webroots }) => webroots),
])

/** Where administrators keep their scripts. */
const SCRIPTS = ['/root', '/root/bin', '/usr/local/bin', '/usr/local/sbin', '/opt', '/opt/scripts']

/** Directories that the settings of certbot and commands on the machine name, whatever the names they are for. */
export const machineWebroots = memo((files: FileSystem): readonly WrittenWebroot[] => {
  const settings = sourceAt(files, `${CERTBOT}/cli.ini`)
  const scripts = SCRIPTS.flatMap(directory =>
    (files.list(directory) ?? []).flatMap(({ name, kind }) =>
      kind === 'file' && /^[\w-]+(?:\.(?:sh|bash))?$/.test(name)
        ? (sourceAt(files, `${directory}/${name}`) ?? [])
        : [],
    ),
  )
  return [
    ...(settings === null ? [] : settingWebroots(settings)),
    ...[...starters(files), ...scripts].flatMap(webrootsIn),
  ]
})

/** The webroots of the commands of a script, a table of cron, a unit, a playbook or a Makefile. */
export function webrootsIn(source: Source): readonly WrittenWebroot[] {
  if (!/webroot|\s-w\s/.test(source.text) || !ASKS.test(source.text)) return []
  return setupCommands(source).flatMap(({ words, first }) =>
    // `ExecStart=/usr/bin/certbot` of a unit looks like a variable.
    commandWebroots([...(first === words[0] ? [] : [first]), ...words]),
  )
}

const ASKS = /certbot|letsencrypt|acme\.sh|lego/

/** Directories of commands that run beside certbot, and of what starts it. */
const HOOK_DIRECTORIES = ['pre', 'post', 'deploy'].map(when => `${CERTBOT}/renewal-hooks/${when}`)
const STARTERS = [
  '/etc/cron.d',
  '/etc/cron.daily',
  '/etc/cron.weekly',
  '/etc/cron.monthly',
  '/var/spool/cron',
  '/var/spool/cron/crontabs',
  // Alpine's and FreeBSD's.
  '/etc/crontabs',
  '/var/cron/tabs',
  '/usr/local/etc/cron.d',
  '/etc/systemd/system',
  '/etc/systemd/system/certbot.service.d',
  '/lib/systemd/system',
]
const STARTER_FILES = ['/etc/crontab', '/etc/default/certbot']

/**
 * True where something besides the renewal files stops or reloads servers when certificates are renewed: hooks of all
 * certificates, or what starts certbot.
 */
const hasCommonHooks = memo((files: FileSystem): boolean =>
  saysInCommon(files, HOOK_DIRECTORIES, /hook|nginx|apache2|httpd/),
)

/** True where something besides the renewal files may stop a server before certificates are renewed. */
export const mayFreePort = memo((files: FileSystem): boolean =>
  saysInCommon(files, [`${CERTBOT}/renewal-hooks/pre`], /pre[-_]hook|\bstop\b|\bkill/),
)

/**
 * The commands that certbot runs after any certificate is renewed, and those that follow it where it is started by time;
 * null where one of them may reload nginx: it says so, or does what nobody can follow, such as a script.
 */
export const commonHooks = memo((files: FileSystem): readonly RenewalHook[] | null => {
  const found: RenewalHook[] = []
  for (const when of ['pre', 'post', 'deploy'] as const) {
    for (const { name, kind } of files.list(`${CERTBOT}/renewal-hooks/${when}`) ?? []) {
      if (kind === 'directory') continue
      const source = sourceAt(files, `${CERTBOT}/renewal-hooks/${when}/${name}`)
      const commands = source === null || MAY_RELOAD.test(withoutComments(source)) ? null : linesOf(source)
      if (commands === null) return null
      found.push(...commands.map(each => ({ when, ...each })))
    }
  }
  const rotation = sourceAt(files, '/etc/logrotate.d/nginx')
  if (rotation !== null && /\b(?:reload|restart|HUP)\b/.test(withoutComments(rotation))) return null
  const settings = sourceAt(files, `${CERTBOT}/cli.ini`)
  for (const source of [...starters(files), ...(settings === null ? [] : [settings])]) {
    if (isOfNginx(source)) continue
    if (RELOADS_NGINX.test(withoutComments(source))) return null
    for (const [line, at] of linesWithPlaces(source)) {
      if (!/\bcertbot\b|-hook\b/.test(line)) continue
      // A script may do more than its name says.
      if (/certbot[\w-]*\.(?:sh|py|pl)\b/.test(line)) return null
      const own = hooksIn(source, line, at)
      if (own === null) return null
      found.push(...own)
    }
  }
  return found
})

/** nginx by its name, and what may be any service. */
const MAY_RELOAD = /nginx|\bkill|docker|podman|ansible|\bssh\b/

/** What a script for a hook does besides that reloads nothing. */
const HARMLESS =
  /^(?:(?:set|exit|echo|logger|printf|umask|export|test|chmod|chown|chgrp|install|cp|cat|mkdir|sleep|true|else|fi|then|if|date)\b|\[|:|\w+=[^$`]*$|$)/

/** The service commands of a script; null where a line of it does something else. */
function linesOf(source: Source): readonly Omit<RenewalHook, 'when'>[] | null {
  const found: Omit<RenewalHook, 'when'>[] = []
  for (const [line, start] of linesWithPlaces(source)) {
    if (HARMLESS.test(line) && !/[;&|]/.test(line)) continue
    const command = line.replace(/[ \t]*(?:>|2>|&>)[ \t]*\S+/g, '')
    if (serviceCommands(command) === null) return null
    found.push({ command, at: { source, start, end: start + line.length } })
  }
  return found
}

/** The lines of a text that are no comments, without what stands around them. */
function linesWithPlaces({ text }: Source): readonly (readonly [string, number])[] {
  return [...text.matchAll(/^[ \t]*(?!#)(\S[^\n]*?)[ \t]*$/gm)].map(match => [
    match[1]!,
    match.index + match[0].indexOf(match[1]!),
  ])
}

const HOOK = /(?:--)?\b(pre|post|deploy|renew)-hook(?:[ \t]*=[ \t]*|[ \t]+)("[^"]*"|'[^']*'|\S+(?=$)|\S+)/g

/** The hooks of a line that starts certbot, or of its settings, and what follows it there; null for what nobody follows. */
function hooksIn(source: Source, line: string, start: number): readonly RenewalHook[] | null {
  const isSetting = source.path === `${CERTBOT}/cli.ini`
  const found: RenewalHook[] = []
  for (const match of line.matchAll(isSetting ? SETTING : HOOK)) {
    const [all, name = '', word = ''] = match
    const command = word.replace(/^(["'])(.*)\1$/, '$2')
    if (serviceCommands(command) === null) return null
    const from = start + match.index + all.length - word.length
    const when = name === 'pre' || name === 'post' ? name : 'deploy'
    found.push({ when, command, at: { source, start: from, end: from + word.length } })
  }
  if (isSetting) return found
  const parts = line.replace(HOOK, each => ' '.repeat(each.length)).split(/\bcertbot\b[^;&|]*/)
  const behind = parts.length > 1 ? (parts.at(-1) ?? '') : ''
  const rest = behind.replace(/>.*$/, '').replace(/^[;&|\s]+/, '')
  if (rest === '') return found
  if (serviceCommands(rest) === null) return null
  const from = start + line.lastIndexOf(rest)
  return [...found, { when: 'post', command: rest, at: { source, start: from, end: from + rest.length } }]
}

const SETTING = /^(pre|post|deploy|renew)-hook[ \t]*=[ \t]*(\S.*)$/g

/** The unit of nginx says how it is reloaded, and reloads nothing by itself. */
function isOfNginx({ path }: Source): boolean {
  return /\/nginx[^/]*\.service$/.test(path)
}

/** True where the settings of certbot, or what starts it, name a command that answers the challenges of `manual`. */
export const hasManualHook = memo((files: FileSystem): boolean =>
  saysInCommon(files, [], /manual[-_]auth[-_]hook/),
)

function saysInCommon(files: FileSystem, directories: readonly string[], words: RegExp): boolean {
  if (directories.some(path => (files.list(path) ?? []).some(({ kind }) => kind !== 'directory'))) return true
  const ofCertbot = starters(files).filter(({ text }) => /certbot|letsencrypt|acme/.test(text))
  const settings = sourceAt(files, `${CERTBOT}/cli.ini`)
  return [...ofCertbot, ...(settings === null ? [] : [settings])].some(each =>
    words.test(withoutComments(each)),
  )
}

/** A command of certbot that is started by time, and asks for one certificate. */
export interface TimedRequest {
  /** What the certificate is called below `/etc/letsencrypt/live`. */
  readonly name: string
  readonly at: Place
}

/** `certbot certonly …` in tables of cron and units, where it has no hook and nothing else there reloads nginx. */
export function requestsAlone(files: FileSystem): readonly TimedRequest[] {
  const all = starters(files)
  if (hasCommonHooks(files) || all.some(source => RELOADS_NGINX.test(withoutComments(source)))) return []
  return all.flatMap(requestsIn)
}

const RELOADS_NGINX =
  /nginx.*\b(?:reload|restart|start|-s|HUP)\b|\b(?:reload|restart|start|HUP|try-restart)\b.*nginx/

function requestsIn(source: Source): readonly TimedRequest[] {
  const found: TimedRequest[] = []
  for (const match of source.text.matchAll(CERTONLY)) {
    const [, before = '', words = ''] = match
    // With a hook, an installer or a script behind it certbot may reload nginx.
    if (/hook|--nginx|installer|\s-i\s|config|\s-c\s|[$`]/.test(words)) continue
    const name =
      /\s--cert-name[\s=]+(\S+)/.exec(words)?.[1] ?? /\s(?:-d|--domains?)[\s=]+([^\s,]+)/.exec(words)?.[1]
    const start = match.index + before.length
    if (name !== undefined)
      found.push({ name, at: { source, start, end: start + COMMAND.exec(words)![0].length } })
  }
  return found
}

/** A command up to its end, over the lines that a `\` joins. */
const CERTONLY = /^((?![ \t]*#)[^\n]*?)\b(certbot(?:-auto)?\b(?=[^\n;&|]*\bcertonly\b)(?:[^\n\\;&|]|\\\n)*)/gm
const COMMAND = /^certbot(?:-auto)?/

/** The words that have certbot renew every certificate, where nothing that is started by time reloads nginx; null for none. */
export function renewsAlone(files: FileSystem): Place | null {
  const all = starters(files)
  if (
    all.some(source =>
      /nginx.*\b(?:reload|restart|-s)\b|\b(?:reload|restart)\b.*nginx/.test(withoutComments(source)),
    )
  )
    return null
  return all.map(renewalIn).find(at => at !== null) ?? null
}

function renewalIn(source: Source): Place | null {
  const match = /^(?!\s*#).*?\b(certbot\b.*\brenew\b)/m.exec(source.text)
  if (match === null) return null
  const end = match.index + match[0].length
  return { source, start: end - match[1]!.length, end }
}

const starters = memo((files: FileSystem): readonly Source[] => {
  const named = STARTERS.flatMap(directory =>
    (files.list(directory) ?? []).map(({ name }) => `${directory}/${name}`),
  )
  return [...STARTER_FILES, ...named].flatMap(path => sourceAt(files, path) ?? [])
})

function withoutComments({ text }: Source): string {
  return text.replace(/^\s*#.*$/gm, '')
}
