import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { type Source, textSource } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../../src/files/file-system.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import type { NginxConfiguration } from '../../../src/servers/nginx/configuration.ts'
import { evaluateNginx } from '../../../src/servers/nginx/evaluate.ts'
import type { NginxCase, NginxVerdict } from './ask-nginx.ts'

/** A configuration with what nginx 1.22.1 said of it. */
export type RecordedCase = NginxCase & NginxVerdict

/** Files of cases beside this one: the language, its words, its includes. */
export const CASE_FILES: readonly string[] = ['cases.jsonl', 'lexer-cases.jsonl', 'include-cases.jsonl']

/** The cases of a file beside this one, a JSON object a line. */
export function readCases(file: string): readonly RecordedCase[] {
  const lines = readFileSync(new URL(file, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.map(line => JSON.parse(line) as RecordedCase)
}

const DIRECTORY = '/etc/nginx'

/** What this model makes of a case. */
export function evaluateCase(asked: NginxCase): NginxConfiguration {
  const contents: Record<string, string> = {}
  for (const [path, content] of Object.entries(asked.files))
    contents[`${DIRECTORY}/${path}${content === null ? '/' : ''}`] = content ?? ''
  contents[`${DIRECTORY}/nginx.conf`] = asked.conf
  const links = Object.fromEntries(
    Object.entries(asked.links ?? {}).map(([path, target]) => [`${DIRECTORY}/${path}`, target]),
  )
  const files = decoding(memoryFileSystem(contents, { links }))
  const main = files.read(`${DIRECTORY}/nginx.conf`)
  if (main.kind !== 'source') throw new Error(main.reason)
  const version = { value: '1.22.1', from: 'option', at: null } as const
  return evaluateNginx({ files, main: main.source, fragments: [], version })
}

/** Files whose texts are bytes, read as the disk's are: as UTF-8 where they are that. */
function decoding(files: FileSystem): FileSystem {
  const sources = new Map<Source, Source>()
  return {
    ...files,
    read(path) {
      const result = files.read(path)
      if (result.kind !== 'source') return result
      let source = sources.get(result.source)
      if (source === undefined) {
        const bytes = Buffer.from(result.source.text, 'latin1')
        source = isUtf8(bytes)
          ? textSource(result.source.path, bytes.toString('utf8'))
          : { ...result.source, encoding: 'latin1' }
        sources.set(result.source, source)
      }
      return { kind: 'source', source }
    },
  }
}

/** File (relative to `$ROOT`) and line that the first `[emerg]` of a verdict names; null where it names none. */
export function placeNamed(verdict: NginxVerdict): { readonly file: string; readonly line: number } | null {
  const fatal = verdict.messages.find(message => !message.startsWith('[warn]'))
  const match = / in \$ROOT\/(\S+):(\d+)$/.exec(fatal ?? '')
  return match === null ? null : { file: match[1] ?? '', line: Number(match[2]) }
}
