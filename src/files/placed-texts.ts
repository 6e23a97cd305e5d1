import { type ScriptWrite, scriptWrites } from '../../parsers/shell/script-writes.ts'
import type { NestedText } from '../../parsers/text/nested-text.ts'
import { textSource } from '../../parsers/text/source.ts'
import { wholeText } from '../../parsers/text/written-text.ts'
import { readYaml } from '../../parsers/yaml/read-yaml.ts'
import type { Mount } from './mounts.ts'
import { nestedPath } from './nested-path.ts'
import { writesOfYaml } from './playbook-writes.ts'

/** What one machine gets of the texts in a file, each at its place there. */
export type PlacedTexts = readonly Mount[]

/**
 * The machines that a file writes files for whole: a script the one on which it runs, `write_files` of cloud-init the one
 * that boots with it, each play of Ansible its hosts.
 *
 * @param isShell whether the file is a script
 * @param texts those in it, in their order
 */
export function placedTexts(
  outer: string,
  text: string,
  isShell: boolean,
  texts: readonly NestedText[],
): readonly PlacedTexts[] {
  const source = textSource(outer, text)
  const machines = isShell
    ? [scriptWrites([wholeText(source)])]
    : YAML_WRITES.test(text)
      ? readYaml(source).documents.flatMap(writesOfYaml)
      : []
  return machines
    .map(writes => mountsOf(writes, write => textWritten(outer, write, texts)))
    .filter(mounts => mounts.length > 0)
}

const YAML_WRITES = /\bwrite_files:|\bcontent:/

/** The text in a file that is written, by the path of it. */
function textWritten(outer: string, { by }: ScriptWrite, texts: readonly NestedText[]): string | null {
  if (by.kind !== 'text') return null
  // What a script writes begins at the line of its text, a block of YAML on the line before.
  const index = texts.findIndex(({ start, end }) => start >= by.text.start && end <= by.text.end + 1)
  return index === -1 ? null : nestedPath(outer, index)
}

/**
 * What is written where programs look for it, and what is linked there.
 *
 * @param find the file that is written; null where nobody knows it
 */
export function mountsOf(
  writes: readonly ScriptWrite[],
  find: (write: ScriptWrite) => string | null,
): readonly Mount[] {
  const found = new Map<string, string>()
  for (const write of writes) {
    const disk = OF_PROGRAMS.test(write.at) ? find(write) : null
    if (disk !== null) found.set(write.at, disk)
  }
  for (const { at, by } of writes) {
    const target = by.kind === 'link' ? found.get(by.to) : undefined
    if (target !== undefined) found.set(at, target)
  }
  return [...found].map(([at, disk]) => ({ at, disk }))
}

/**
 * Where programs of a machine look for what they are told. A file of an application or of a site is left out: what else
 * is in its directory, a script brings from elsewhere.
 */
const OF_PROGRAMS =
  /^\/etc\/|^\/usr\/local\/(?:etc|nginx|apache2?|openresty)\/|^\/opt\/(?:bitnami|homebrew)\/|^\/(?:usr\/)?lib\/systemd\/|^\/var\/spool\/cron\/|\/\.env$|\/gunicorn[\w.-]*\.py$|uwsgi[^/]*\.ini$/
