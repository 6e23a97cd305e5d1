import { readFileSync } from 'node:fs'
import { allApacheModules } from '../../../src/servers/apache/modules.ts'

/** One configuration that a real httpd 2.4.71 was asked about, and what it said. */
export interface ApacheCase {
  readonly name: string
  /** Behind `Include $ROOT/base.inc` on the first line where `base` is true. */
  readonly conf: string
  readonly base: boolean
  /** Path below the root to content; null for an empty directory. */
  readonly files: Readonly<Record<string, string | null>>
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly accepts: boolean
  readonly stderr: string
  /** DUMP_CONFIG's output without what belongs to base.inc; null where the configuration is refused. */
  readonly tree: string | null
}

/** The directory that stands for `$ROOT` of the cases. */
export const ROOT = '/srv/root'

/** What every case with `base` includes first. It lies beside the root: a case asks whether the root has it. */
export const BASE = '/srv/base.inc'

export function readCases(): readonly ApacheCase[] {
  const text = readFileSync(new URL('cases.jsonl', import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as ApacheCase)
}

/** The files of a case as a root that also holds the modules of the server. */
export function caseFiles({ conf, base, files, args }: ApacheCase): Record<string, string> {
  const texts: Record<string, string> = {
    '/etc/nsswitch.conf': 'passwd: files systemd\ngroup: files systemd\n',
    '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\n',
    '/etc/group': 'root:x:0:\nwww-data:x:33:\n',
    '/tmp/': '',
    '/dev/null': '',
    [`${ROOT}/`]: '',
  }
  // `-T` leaves the check of the DocumentRoot out: to the audit, which has no such option, it is there.
  if (args.includes('-T')) texts['/nope/'] = ''
  for (const { sharedObject } of allApacheModules()) {
    if (sharedObject !== null) texts[`/usr/lib/apache2/modules/${sharedObject}`] = ''
  }
  const baseText = readFileSync(new URL('base.conf', import.meta.url), 'utf8')
  texts[BASE] = fill(baseText)
  texts[`${ROOT}/c.conf`] = fill(base ? `Include ${BASE}\n${conf}` : conf)
  for (const [name, text] of Object.entries(files)) {
    if (text === null) texts[`${ROOT}/${name}/`] = ''
    else texts[`${ROOT}/${name}`] = fill(text)
  }
  return texts
}

export function fill(text: string): string {
  return text.replaceAll('$ROOT', ROOT)
}
