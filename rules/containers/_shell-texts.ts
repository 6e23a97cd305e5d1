import { posix } from 'node:path'
import type { DockerCommand } from '../../parsers/dockerfile/dockerfile.ts'
import type { Source } from '../../parsers/text/source.ts'
import { wholeText, type WrittenText } from '../../parsers/text/written-text.ts'
import { scriptAt, type Started } from './_started-words.ts'

/** From a script that a container starts, so many others are followed. */
const LEVELS = 2
/** The entry point of the images of nginx runs what lies there. */
const OF_ENTRY_POINT = '/docker-entrypoint.d'

/**
 * Texts in which a shell finds its commands: the steps that build an image, what a container starts, and the scripts
 * of the repository that are named there.
 */
export function* shellTexts(started: Started): Iterable<WrittenText> {
  for (const step of started.image?.steps ?? []) if (!('sources' in step)) yield* textsOf(step.command)
  yield* startTexts(started)
}

/** The same without the build: the words of entry point and command, and the scripts that they name. */
export function* startTexts(started: Started): Iterable<WrittenText> {
  const { service, image, files } = started
  const own = service?.entrypoint?.words ?? null
  const entrypoint = own ?? textsOf(image?.entrypoint)
  const command = service?.command?.words ?? (own === null ? textsOf(image?.command) : [])
  const seen = new Set<Source>()
  for (const text of [...entrypoint, ...command]) {
    yield text
    yield* scriptsNamed(started, text, seen, LEVELS)
  }
  if (entrypoint.length > 0) return
  for (const { name } of files.list(OF_ENTRY_POINT) ?? [])
    if (/\.(?:env)?sh$/.test(name))
      yield* scriptsNamed(started, { text: posix.join(OF_ENTRY_POINT, name) }, seen, 1)
}

function textsOf(command: DockerCommand | null | undefined): readonly WrittenText[] {
  return command == null ? [] : command.form === 'exec' ? command.words : [command.script]
}

function* scriptsNamed(
  started: Started,
  { text }: Pick<WrittenText, 'text'>,
  seen: Set<Source>,
  left: number,
): Iterable<WrittenText> {
  if (left === 0) return
  for (const [word] of text.matchAll(/[\w./-]*(?:\/[\w.-]+|\.sh)(?![\w./-])/g)) {
    const source = scriptAt(started, { text: word })?.source
    if (source === undefined || seen.has(source) || !isForShell(source)) continue
    seen.add(source)
    const script = wholeText(source)
    yield script
    yield* scriptsNamed(started, script, seen, left - 1)
  }
}

function isForShell({ path, text }: Source): boolean {
  return /^#!.*sh\b/.test(text) || /\.(?:env)?sh$/.test(path)
}
