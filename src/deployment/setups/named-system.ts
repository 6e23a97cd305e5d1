import { memo } from '../../../parsers/collections/memo.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { FollowedCommand } from './followed-commands.ts'

/** The distribution that a machine has. */
export interface NamedSystem {
  readonly name: 'ubuntu' | 'debian' | 'redhat'
  /** 22.04, 12; null where it does not matter. */
  readonly release: number | null
}

const CODENAMES: Readonly<Record<string, number>> = {
  trusty: 14.04,
  xenial: 16.04,
  bionic: 18.04,
  focal: 20.04,
  jammy: 22.04,
  noble: 24.04,
  wheezy: 7,
  jessie: 8,
  stretch: 9,
  buster: 10,
  bullseye: 11,
  bookworm: 12,
  trixie: 13,
}

const BOX = /^[^#\n]*\.box\s*=\s*["']([^"'\n]+)["']/gm
const IMAGE = /^[^#\n]*\b(?:image|ami|name|values?)\s*=\s*\[?\s*"([^"\n]*)"/gm
/** `# Ubuntu 22.04`, and the lines of an `apt` source. */
const SAID =
  /^[ \t]*#.*?\b((?:ubuntu|debian)(?:[ /-]+[a-z]+)?[ /-]+\d[\d.]*)|\bdeb(?:-src)?[ \t](?:\[[^\]\n]*\][ \t]*)?https?:\/\/\S*(?:ubuntu|debian)\S*[ \t]+([a-z]+)\b/gim

/** Every distribution that a Vagrantfile, Terraform or a script names; null among them where one is not known. */
export const namedSystems = memo((texts: readonly Source[]): readonly (NamedSystem | null)[] =>
  texts.flatMap(({ path, text }) => {
    if (path.endsWith('Vagrantfile')) return matched(text, BOX).map(systemOf)
    if (path.endsWith('.tf')) return matched(text, IMAGE).flatMap(image => systemOf(image) ?? [])
    return /\.(?:sh|bash)$/.test(path) ? matched(text, SAID).flatMap(said => systemOf(said) ?? []) : []
  }),
)

function matched(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, one, other]) => one ?? other ?? '')
}

const OF_REDHAT = /(?:centos|rocky|alma|fedora|rhel|oracle|amazon-?linux|amzn|al20\d\d)/i

/** `ubuntu/jammy64`, `generic/debian12`, `bento/ubuntu-22.04`, `almalinux/9`; null for what may be any. */
function systemOf(name: string): NamedSystem | null {
  const codename = /[a-z]{5,}/gi.exec(name) === null ? null : codenameIn(name)
  if (codename !== null) return codename
  const [, distribution = '', digits = ''] = /(ubuntu|debian)\D*(\d[\d.-]*)/i.exec(name) ?? []
  if (distribution.toLowerCase() === 'ubuntu') {
    const [, year, month] = /^(\d\d)[.-]?(\d\d)?/.exec(digits) ?? []
    return year === undefined ? null : { name: 'ubuntu', release: Number(`${year}.${month ?? '04'}`) }
  }
  if (distribution !== '') return { name: 'debian', release: Number.parseInt(digits, 10) }
  return OF_REDHAT.test(name) ? { name: 'redhat', release: null } : null
}

function codenameIn(name: string): NamedSystem | null {
  const codename = Object.keys(CODENAMES).find(each => name.toLowerCase().includes(each))
  const release = codename === undefined ? undefined : CODENAMES[codename]
  return release === undefined ? null : { name: release > 13.5 ? 'ubuntu' : 'debian', release }
}

/** The system of a script by its package manager, where that tells it. */
export function systemOfCommands(commands: readonly FollowedCommand[]): NamedSystem | null {
  const programs = new Set(commands.map(({ words }) => words[0]?.text))
  const isRedHat = ['dnf', 'yum'].some(each => programs.has(each))
  return isRedHat && !['apt', 'apt-get', 'apk', 'zypper'].some(each => programs.has(each))
    ? { name: 'redhat', release: null }
    : null
}
