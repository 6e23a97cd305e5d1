import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import { cleanPath } from '../../../parsers/text/clean-path.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'
import { placeOf, sliceWritten, type WrittenText } from '../../../parsers/text/written-text.ts'
import { moduleCalls } from './module-calls.ts'
import { setupCommands } from './setup-commands.ts'

/** What the texts that set a machine up say of directories below `/run`, which is empty after every boot. */
export interface RunDirectories {
  /** Where each is made by what runs once, by its path below `/run`. */
  readonly once: ReadonlyMap<string, Place>
  /** True where something there may make it at every boot. */
  mayComeBack(directory: string): boolean
  /** True where the steps of an image speak of it: no boot takes away what a layer has. */
  isOfImage(directory: string): boolean
}

/** What is run again at every boot, or by a container at every start. */
const EVERY_BOOT = /tmpfiles|rc\.local|@reboot|\bbootcmd\b|run:[ \t]*["']?always/
const UNIT = /\.(?:service|timer|path)(?:\.\w+)?$/
const DOCKERFILE = /(?:^|\/)Dockerfile[^/]*$/
const OF_CONTAINERS =
  /(?:^|\/)(?:Dockerfile|[^/]*compose[^/]*\.ya?ml|[^/]*entry-?point[^/]*)|\.(?:service|timer|path)(?:\.\w+)?$|(?:^|\/)(?:k8s|kubernetes|helm|charts|manifests)\//i

export const runDirectories = memo((texts: readonly Source[]): RunDirectories => {
  const found = new Map<string, Place>()
  const started = new Set(texts.flatMap(startedAtBoot))
  const again = texts.flatMap(madeAgain)
  const images = texts.filter(({ path }) => DOCKERFILE.test(path))
  const ofImages = new Set(images.flatMap(namesIn))
  const makesAny = again.some(text => text.includes('tmpfiles'))
  for (const source of texts) {
    if (OF_CONTAINERS.test(source.path) || started.has(posix.basename(source.path))) continue
    if (ofImages.has(posix.basename(source.path)) || !source.text.includes('/run/')) continue
    for (const { path, at } of [...commandsIn(source), ...tasksIn(source)]) {
      const own = inRun(path)
      if (!found.has(own)) found.set(own, at)
    }
  }
  return {
    once: found,
    mayComeBack(directory) {
      const [, , first = ''] = directory.split('/')
      return makesAny || again.some(text => text.includes(first))
    },
    isOfImage(directory) {
      return images.some(({ text }) =>
        wordsOf(text).some(word => BELOW_RUN.test(word) && inRun(word) === directory),
      )
    },
  }
})

/** The path below `/run`, of which `/var/run` is another name. */
function inRun(path: string): string {
  return cleanPath(path.replace(/^\/var\//, '/').replace(/\/$/, ''))
}

function wordsOf(text: string): readonly string[] {
  return text.split(/[\s"';&|,[\]]+/)
}

/** The names of the scripts that the steps of an image copy and run: they set no machine up. */
function namesIn({ text }: Source): readonly string[] {
  return wordsOf(text).map(word => posix.basename(word))
}

/** The part of a text that speaks of every boot; none where it does not. */
function madeAgain({ path, text }: Source): readonly string[] {
  if (UNIT.test(path)) return /\b(?:mkdir|install)\b/.test(text) ? [text] : []
  return EVERY_BOOT.test(text) ? [text] : (text.match(/^.*\bRuntimeDirectory[ \t]*=.*$/gm) ?? [])
}

interface Made {
  readonly path: string
  readonly at: Place
}

function commandsIn(source: Source): readonly Made[] {
  if (!/\b(?:mkdir|install)\b/.test(source.text)) return []
  return setupCommands(source).flatMap(({ words: [program, ...args] }) => {
    const makes =
      program?.text === 'mkdir' ||
      (program?.text === 'install' && args.some(({ text }) => /^-\w*d$/.test(text)))
    return makes ? args.flatMap(madeAt) : []
  })
}

function tasksIn(source: Source): readonly Made[] {
  return moduleCalls(source).flatMap(({ module, options }) => {
    const path = options.get('path') ?? options.get('dest') ?? options.get('name')
    const makes = module === 'file' && options.get('state')?.text.text === 'directory'
    return makes && path !== undefined ? madeAt(path.text) : []
  })
}

/** A directory below `/run`, by either of its names. */
const BELOW_RUN = /^((?:\/var)?\/run\/[\w.@-]+(?:\/[\w.@-]+)*)\/?$/

function madeAt(word: WrittenText): readonly Made[] {
  const [, path] = BELOW_RUN.exec(word.text) ?? []
  return path === undefined ? [] : [{ path, at: placeOf(sliceWritten(word, 0, path.length)) }]
}

/** The names of the scripts that a unit starts, or cron at a boot. */
function startedAtBoot({ text }: Source): readonly string[] {
  if (!/Exec\w+[ \t]*=|@reboot/.test(text)) return []
  return [...text.matchAll(/^[^\n]*(?:Exec\w+[ \t]*=|@reboot)([^\n]*)/gm)].flatMap(([, words = '']) =>
    words.split(/[\s"';&|]+/).map(word => posix.basename(word)),
  )
}
