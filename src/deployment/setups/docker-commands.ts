import { posix } from 'node:path'
import { readOptions } from '../../../parsers/docker-run/command-options.ts'
import { OF_RUN } from '../../../parsers/docker-run/read-run.ts'
import { type Place, placeText } from '../../../parsers/text/source.ts'
import { placeAcross, placeOf, type WrittenText } from '../../../parsers/text/written-text.ts'
import type { FollowedCommand } from './followed-commands.ts'

/** What a command does to the images and containers of a machine. */
export type DockerCommand =
  | ComposeUp
  | DockerRun
  /** It fetches, makes or removes images, so that another one may be there after it. */
  | { readonly kind: 'renews' }
  /** It leaves the images as they are. */
  | { readonly kind: 'other' }

/** `docker compose up`, which takes the images that are there. */
export interface ComposeUp {
  readonly kind: 'up'
  /** `-f`, as written; empty where Compose looks for its own names. */
  readonly files: readonly string[]
  readonly profiles: readonly string[]
  /** Empty where it is all of them. */
  readonly services: readonly string[]
  /** From the program to `up`. */
  readonly at: Place
}

/** `docker run IMAGE`. */
export interface DockerRun {
  readonly kind: 'run'
  readonly image: string
  readonly at: Place
}

const RENEWS: DockerCommand = { kind: 'renews' }
const OTHER: DockerCommand = { kind: 'other' }

/** Null for a command of another program. */
export function dockerCommand({ words }: FollowedCommand): DockerCommand | null {
  const [program, ...args] = words
  const name = posix.basename(program?.text ?? '')
  if (program === undefined || !/^(?:docker|podman)(?:-compose)?$/.test(name)) return null
  // A substitution may do anything.
  if (words.some(word => /(?:\$\(|`)[^)`]*\b(?:pull|build)\b/.test(placeText(placeOf(word))))) return RENEWS
  if (name.endsWith('-compose')) return ofCompose(program, args)
  if (args[0]?.text === 'compose') return ofCompose(program, args.slice(1))
  return ofDocker(program, args)
}

/** Options of Compose itself with a value. */
const OF_COMPOSE =
  /^(?:-f|--file|-p|--project-name|--env-file|--profile|--project-directory|--ansi|--progress|--parallel)$/
const OF_UP =
  /^(?:-t|--timeout|--scale|--exit-code-from|--attach|--no-attach|--wait-timeout|--abort-on-container-failure)$/

function ofCompose(program: WrittenText, args: readonly WrittenText[]): DockerCommand {
  const files: string[] = []
  const profiles: string[] = []
  let at = 0
  while (args[at]?.text.startsWith('-') === true) {
    const [option = '', glued] = args[at]!.text.split(/=(.*)/s)
    // Another machine, or a mode that has another one.
    if (/^(?:-c|--context|-H|--host)$/.test(option)) return RENEWS
    const value = OF_COMPOSE.test(option) ? (glued ?? args[++at]?.text) : undefined
    if (/^(?:-f|--file)$/.test(option)) files.push(value ?? '')
    if (option === '--profile') profiles.push(value ?? '')
    at++
  }
  const verb = args[at]
  const rest = args.slice(at + 1).map(({ text }) => text)
  if (verb === undefined || /^(?:pull|build|bundle|publish)$/.test(verb.text)) return RENEWS
  if (rest.some(text => /^--(?:pull|build|rmi)\b/.test(text))) return RENEWS
  if (verb.text !== 'up') return OTHER
  const services = rest.filter((text, index) => !text.startsWith('-') && !OF_UP.test(rest[index - 1] ?? ''))
  return { kind: 'up', files, profiles, services, at: placeAcross(program, verb) }
}

const CHANGES_IMAGES =
  /^(?:pull|build|buildx|builder|load|import|commit|tag|rmi|stack|service|swarm|context|bake)$/

function ofDocker(program: WrittenText, args: readonly WrittenText[]): DockerCommand {
  const texts = args.map(({ text }) => text)
  const [verb = '', second = ''] = texts
  if (verb === '' || verb.startsWith('-') || CHANGES_IMAGES.test(verb)) return RENEWS
  if (verb === 'image' && !/^(?:ls|list|inspect|history|push|prune)$/.test(second)) return RENEWS
  if (second === 'prune' && texts.some(text => /^(?:-\w*a\w*|--all)$/.test(text))) return RENEWS
  const isRun = verb === 'run' || (verb === 'container' && second === 'run')
  if (!isRun) return OTHER
  if (texts.some(text => text.startsWith('--pull'))) return RENEWS
  const [image] = readOptions(args.slice(verb === 'run' ? 1 : 2), OF_RUN).rest
  return image === undefined ? OTHER : { kind: 'run', image: image.text, at: placeAcross(program, image) }
}
