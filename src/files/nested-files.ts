import { below } from '../../parsers/text/is-below.ts'
import type { NestedText } from '../../parsers/text/nested-text.ts'
import {
  codeOfNested,
  hasServersWord,
  mayInstallFiles,
  namesServersFile,
  nestedTexts,
  SNIPPET,
} from '../../parsers/text/nested-texts.ts'
import { maskTemplate } from '../../parsers/text/mask-template.ts'
import type { InstalledFile } from './machine.ts'
import type { Source } from '../../parsers/text/source.ts'
import { nestedPath, splitNested } from './nested-path.ts'
import { type Filling, valuesIn } from './to-source.ts'
import { TESTS_DIRECTORY } from './test-directories.ts'

/** As much of a file as is looked through for texts of others. */
export const BEGINNING = 500_000

const KINDS = [
  ['compose', /(?:^|\/)\.?(?:docker-)?compose(?:[._-][\w.-]+|\d[\w.-]*)?\.ya?ml$/i],
  [
    'yaml',
    /\.(?:ya?ml|sls|config)(?:\.(?:j2|erb|tmpl|tpl|tftpl|gotmpl|example|sample|dist))?$|(?:^|\/)(?:k8s|kubernetes|manifests)\/(?:[^/]+\/)*[^/]+\.tmpl$|(?:^|\/)(?:user|cloud)[-_](?:data|init|config)(?:\.(?:cfg|init|txt|tpl|tftpl))?$/i,
  ],
  ['shell', /\.(?:sh|bash)(?:\.(?:j2|erb|tmpl|tpl|tftpl|in))?$/i],
  ['hcl', /\.(?:tf|hcl|nomad)$/i],
  ['ruby', /(?:^|\/)Vagrantfile$/],
  ['nix', /\.nix$/],
  ['xml', /\.xml$/i],
  ['json', /\.json(?:\.(?:j2|erb|tmpl|tpl|tftpl))?$/i],
  ['dockerfile', /(?:^|\/)(?:Dockerfile|Containerfile)[^/]*$|\.(?:dockerfile|containerfile)$/i],
] as const

/** What is built to test with is deployed nowhere. */
const TESTS = /\/(?:\.github|\.gitlab|\.circleci|\.gitlab-ci\.yml|\.travis\.yml)(?:\/|$)/

/** True for a file that may hold another one. */
export function mayHoldFiles(path: string): boolean {
  return kindOf(path) !== null && !TESTS.test(path)
}

/** Files of JSON are many, and what they are shows in their first lines. */
const FIRST_KEYS = 2_000
const HOLDS_FILES = /"(?:apiVersion|write_files|AWSTemplateFormatVersion)"/

/** The beginning of a file that may hold another one, as far as it is looked through; null where it cannot. */
export function beginningOfHolder(
  path: string,
  peek: (path: string, bytes: number) => string | null,
): string | null {
  if (!mayHoldFiles(path)) return null
  if (kindOf(path) === 'json' && !HOLDS_FILES.test(peek(path, FIRST_KEYS) ?? '')) return null
  return peek(path, BEGINNING)
}

/** True for a file that may be a script of the shell, as far as its name tells. */
export function isShell(path: string): boolean {
  return kindOf(path) === 'shell' || mayBeScript(path)
}

/** True for a file whose texts may be files of one machine: a script, cloud-init, a playbook. */
export function mayPlaceTexts(path: string, isScript: boolean): boolean {
  const kind = kindOf(path)
  return isScript || kind === 'shell' || kind === 'yaml'
}

/** True for a file of which only its first line could say that it is a script. */
export function mayBeScript(path: string): boolean {
  return BARE_NAME.test(path) && !TESTS.test(path)
}

export function isScript(beginning: string): boolean {
  return /^#![ \t]*\/\S*(?:[ \t]+\S+)*?(?:\/|[ \t])(?:ba|da|k|z)?sh\b/.test(beginning.slice(0, 200))
}

const BARE_NAME = /(?:^|\/)[^/.]+$/

type Kind = (typeof KINDS)[number][0]

function kindOf(path: string): Kind | null {
  return KINDS.find(([, pattern]) => pattern.test(path))?.[0] ?? null
}

/** A program whose name or directory says that it has to do with a server. */
const WRITER =
  /(?:nginx|apache|httpd|vhost|virtual[-_]?host|web-?server|reverse[-_]?proxy)[^/]*\/?[^/]*\.(?:blade\.php|php|py|rb|pp|p[lm]|[cm]?[jt]s|go|lua)$/i
const PROGRAM = /\.(?:php|py|rb|pp|p[lm]|[cm]?[jt]s|go|lua)$/
const OF_TESTS = new RegExp(
  String.raw`/(?:${TESTS_DIRECTORY}|specs?|__tests__|testdata|fixtures|node_modules|vendor|docs?)/|[._-](?:test|spec)s?\.\w+$|/test_`,
  'i',
)

/** As many are looked into; of more those whose names say that they have to do with a server, and manifests. */
const MOST_PROGRAMS = 300
const LIKELY_WRITER = new RegExp(String.raw`${WRITER.source}|\.pp$`, 'i')

/** The programs that may write a configuration, by their names and those of the directories below this one. */
export function writersAmong(paths: readonly string[], within: string): readonly string[] {
  const isOfTests = (name: string): boolean => OF_TESTS.test(name) || TESTS.test(name)
  const programs = paths.filter(path => PROGRAM.test(path) && !isOfTests(below(path, within)))
  return programs.length <= MOST_PROGRAMS ? programs : programs.filter(path => LIKELY_WRITER.test(path))
}

/** True where a text of a program is plainly the beginning of a server's block or section. */
export function writesServers(path: string, text: string): boolean {
  if (!hasServersWord(text)) return false
  return (path.endsWith('.pp') ? IN_PUPPET : BLOCK_IN_TEXT).test(text)
}

/** Lines of a heredoc or of a string of a manifest, whose own attributes are written with `=>`. */
const IN_PUPPET = new RegExp(
  [
    String.raw`(?:^[ \t]*|["'][ \t]*)(?:server|location[ \t]+[^\n{}=]+|upstream[ \t]+[\w.-]+)[ \t]*\{(?:[^}]|\}\}){0,400}?\b(?:listen|server_name|proxy_pass|root|try_files|return|alias|deny|allow|server)[ \t]+[^\s=][^\n;=]*;`,
    String.raw`(?:^[ \t]*|["'][ \t]*)(?:RewriteRule|RewriteCond|ProxyPass(?:Match|Reverse)?|RedirectMatch)[ \t]+[^\s=]`,
    String.raw`<(?:VirtualHost|Directory|Location)(?:Match)?[ \t]+[^>\n]{1,80}>`,
  ].join('|'),
  'm',
)

const BLOCK_IN_TEXT =
  /^[ \t"'`]*server[ \t]*\{\{?(?:[^}]|\}\}){0,400}?\b(?:listen|server_name)\b|<(?:VirtualHost|Directory|Location)[ \t]+[^>\n]{1,80}>[\s\S]{0,600}?\b(?:ServerName|DocumentRoot|AllowOverride|ProxyPass|RewriteRule|Require[ \t]+all|Order[ \t]+(?:allow|deny))\b/m

/** The files that a file writes for programs other than nginx and Apache. */
export function writtenFiles(path: string, text: string): readonly InstalledFile[] {
  if (!mayInstallFiles(text)) return []
  return textsIn(path, text).flatMap(({ installedAt }, index) =>
    installedAt === undefined ? [] : [{ at: installedAt, path: nestedPath(path, index) }],
  )
}

/** The texts in a file, where one of them could be a server's, or is written where another program looks. */
export function textsIn(path: string, text: string): readonly NestedText[] {
  const kind = kindOf(path) ?? (BARE_NAME.test(path) && isScript(text) ? 'shell' : null)
  if (kind === null || !OPENINGS[kind].test(text)) return []
  if (!(hasServersWord(text) || SNIPPET.test(text) || mayInstallFiles(text) || namesServersFile(text)))
    return []
  // The files in one file are read one after the other, and each asks for all of them.
  if (text !== last.text || kind !== last.kind) last = { text, kind, found: nestedTexts(text, kind) }
  return last.found
}

/** Without what one of its texts begins with, a file holds none. */
const OPENINGS: Readonly<Record<Kind, RegExp>> = {
  compose: /<<|:[ \t]+["'|>]/,
  yaml: /<<|:[ \t]+["'|>]/,
  json: /"/,
  shell: /^/,
  hcl: /<</,
  ruby: /<</,
  nix: /''|=\s*"/,
  dockerfile: /^/,
  xml: /<!\[CDATA\[/,
}

let last: { readonly text: string; readonly kind: string | null; readonly found: readonly NestedText[] } = {
  text: '',
  kind: null,
  found: [],
}

/**
 * An inner file as a source that stands where the outer one says.
 *
 * @param kept as {@link nestedPath} makes it, where the path is that at which the outer file writes the inner one
 */
export function nestedSource(
  path: string,
  text: string,
  nested: NestedText,
  encoding: Source['encoding'],
  filling: Filling | null = null,
  kept: string | null = null,
): Source {
  const code = codeOfNested(text, nested)
  // Ansible, Salt, Helm and froxlor fill in what they keep so themselves, whatever the file is called.
  const kind = kindOf(splitNested(kept ?? path)?.outer ?? path)
  const isJinja = code.includes('{{') && (kind === 'yaml' || kind === 'json' || kind === 'xml')
  const isFilledIn = nested.filledInBy !== 'nobody' && nested.filledInBy !== 'echo'
  const masked = maskTemplate(isJinja ? `${path}.j2` : path, code)
  const isQuoted = nested.quoting !== undefined
  return {
    path,
    text,
    encoding,
    ...masked,
    template: masked.template || isFilledIn,
    values: masked.template && filling !== null ? valuesIn(masked.code, filling) : null,
    ...(isQuoted && { isQuoted }),
    ...(kept !== null && { kept }),
  }
}
