import { posix } from 'node:path'
import type { ComposeCommand } from '../../../parsers/compose/compose.ts'
import type { DockerCommand } from '../../../parsers/dockerfile/dockerfile.ts'
import { splitQuotedWords } from '../../../parsers/text/quoted-words.ts'
import { isUnknownWord, type Source } from '../../../parsers/text/source.ts'
import type { WrittenText } from '../../../parsers/text/written-text.ts'
import { sourceAt } from '../../files/file-system.ts'
import { isScript } from '../../files/nested-files.ts'
import type { Container } from './container.ts'

/** What a container starts in the end. */
export interface EndOfStart {
  readonly words: readonly string[]
  /** The script that starts it, with what it does before; null where none does. */
  readonly script: { readonly source: Source; readonly before: string } | null
}

/**
 * The entry point and command of a container, and behind a script in front of them that ends in `exec "$@"`, or in the
 * command itself. Null where that is not known; without words where both are those of an image from elsewhere.
 */
export function endOfStart({
  service,
  image,
  files,
}: Pick<Container, 'service' | 'image' | 'files'>): EndOfStart | null {
  const entrypoint = service.entrypoint ?? image?.entrypoint ?? null
  const command = service.command ?? (service.entrypoint === null ? (image?.command ?? null) : null)
  const words = [entrypoint, command].map(each => (each === null ? [] : wordsOf(each)))
  const [own, given] = words
  if (own == null || given == null) return null
  const all = withoutInit([...own, ...given])
  const [first, second] = all
  if (first === undefined) return { words: all, script: null }
  const isShell = /^(?:\/(?:usr\/)?bin\/)?(?:ba|da|a)?sh$/.test(first)
  const named = isShell ? second : first
  const directory = service.workingDirectory ?? image?.workingDirectory ?? null
  const home = directory?.known === true ? directory.value : '/'
  const source = named?.includes('/') === true ? sourceAt(files, posix.resolve(home, named)) : null
  if (source === null || !(isShell || isScript(source.text)))
    return isShell || /\.sh$/.test(first) ? null : { words: all, script: null }
  const end = endOfScript(source)
  if (end === null) return null
  const rest = all.slice(isShell ? 2 : 1)
  return {
    words: end.words ?? rest,
    script: { source, before: end.before },
  }
}

/** Without a program that only starts another one, and collects what that leaves. */
function withoutInit(words: readonly string[]): readonly string[] {
  if (!/^(?:tini|dumb-init|catatonit)$/.test(posix.basename(words[0] ?? ''))) return words
  const first = words.findIndex((word, index) => index > 0 && !word.startsWith('-'))
  return first === -1 ? [] : words.slice(first)
}

/** The last command of a script: null words for those that it was given; null where it ends in something else. */
function endOfScript({
  code,
}: Source): { readonly words: readonly string[] | null; readonly before: string } | null {
  const [, before = '', last = ''] = /^([\s\S]*?)([^\n]*)\s*$/.exec(code.replace(/\\\n/g, '  ')) ?? []
  const line = last.trim().replace(/[ \t]*<[ \t]*\/dev\/null$/, '')
  if (/^(?:exec[ \t]+)?"\$@"$/.test(line)) return { words: null, before }
  if (!/^(?:exec[ \t]+)?[\w./-]+(?:[ \t]+(?:[\w./=:,@+-]+|"[^"$`\\]*"|'[^']*'))*$/.test(line)) return null
  const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g)].map(
    ([word, double, single]) => double ?? single ?? word,
  )
  return { words: words[0] === 'exec' ? words.slice(1) : words, before }
}

/** Null where a shell decides, or a variable. */
function wordsOf(command: ComposeCommand | DockerCommand): readonly string[] | null {
  const written: readonly WrittenText[] | null =
    'form' in command
      ? command.form === 'exec'
        ? command.words
        : /[$`|&;<>()*?\n]/.test(command.script.text.replace(/"[^"$`\\]*"|'[^']*'/g, ''))
          ? null
          : splitQuotedWords(command.script)
      : command.rest === null
        ? command.words
        : null
  if (written === null || written.some(({ text }) => isUnknownWord(text))) return null
  const words = written.map(({ text }) => text)
  return 'form' in command && command.form === 'shell' && words[0] === 'exec' ? words.slice(1) : words
}
