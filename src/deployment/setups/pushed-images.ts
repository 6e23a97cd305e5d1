import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import { isUnknownWord, type Place, placeText, type Source } from '../../../parsers/text/source.ts'
import {
  placeOf,
  splitWritten,
  trimWritten,
  wholeText,
  type WrittenText,
} from '../../../parsers/text/written-text.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'
import type { YamlMap, YamlNode } from '../../../parsers/yaml/yaml-node.ts'
import { type FollowedCommand, followedCommands } from './followed-commands.ts'
import { isMakefile, readMakefile } from './make-recipes.ts'
import { type ImagePattern, movingImage } from './moving-image.ts'
import { isScript, isYaml } from './setup-commands.ts'
import { type ActionStep, workflowSteps } from './workflow-steps.ts'

/** An image that a workflow or a script pushes under a tag which stays the same. */
export interface PushedImage extends ImagePattern {
  /** The reference, as it is written there. */
  readonly at: Place
}

type Variables = ReadonlyMap<string, string>

/** What the texts push under `latest` and the like, in their order. */
export const pushedImages = memo((texts: readonly Source[]): readonly PushedImage[] =>
  texts.flatMap(source => (/\bpush\b/.test(source.text) ? pushedBy(source) : [])),
)

function pushedBy(source: Source): readonly PushedImage[] {
  if (isYaml(source)) return byWorkflow(source)
  if (isMakefile(source)) {
    const { recipes, variables } = readMakefile(source)
    return recipes.flatMap(({ lines }) => byScripts(lines, variables))
  }
  return isScript(source) ? byScripts([wholeText(source)], new Map()) : []
}

function byWorkflow(source: Source): readonly PushedImage[] {
  const steps = workflowSteps(source)
  const variables = variablesIn(readYaml(source).documents)
  const actions = steps.flatMap(step => ('action' in step ? [step] : []))
  const builds = actions.filter(isPush)
  // The tags of the one are those that the other has made.
  const made = builds.some(({ inputs }) => linesOf(inputs, 'tags').some(line => /steps\./.test(rawOf(line))))
  return [
    ...builds.flatMap(({ inputs }) => linesOf(inputs, 'tags').flatMap(line => imageAt(line, variables))),
    ...(made ? actions.flatMap(action => ofMetadata(action, variables)) : []),
    ...steps.flatMap(step => ('scripts' in step ? byScripts(step.scripts, variables) : [])),
  ]
}

function isPush({ action, inputs }: ActionStep): boolean {
  const push = inputs?.entries.get('push')?.value
  return /^docker\/build-push-action\b/.test(action) && push?.kind === 'scalar' && push.text.text !== 'false'
}

/** @see https://github.com/docker/metadata-action#tags-input */
function ofMetadata({ action, inputs }: ActionStep, variables: Variables): readonly PushedImage[] {
  if (!/^docker\/metadata-action\b/.test(action)) return []
  const rules = linesOf(inputs, 'tags').map(rawOf)
  const tags = (rules.length === 0 ? ['type=ref,event=branch'] : rules).flatMap(rule => {
    if (/^type=ref,event=branch$/.test(rule)) return ['$CI_COMMIT_BRANCH']
    return /^(?:type=raw,)?(?:value=)?([a-z_-]+)(?:,enable=.*)?$/i.exec(rule)?.[1] ?? []
  })
  return linesOf(inputs, 'images').flatMap(line =>
    tags.flatMap(tag => {
      const image = movingImage(`${rawOf(line)}:${tag}`, variables)
      return image === null ? [] : [{ ...image, at: placeOf(line) }]
    }),
  )
}

/** The lines of a text, or the parts between commas. */
function linesOf(inputs: YamlMap | null, name: string): readonly WrittenText[] {
  const value = inputs?.entries.get(name)?.value
  if (value?.kind !== 'scalar') return []
  const lines = splitWritten(value.text, '\n')
  // What makes tags has commas of its own.
  const parts = value.text.text.includes('type=') ? lines : lines.flatMap(line => splitWritten(line, ','))
  return parts.map(trimWritten).filter(({ text }) => text !== '')
}

const rawOf = (written: WrittenText): string => placeText(placeOf(written)).replace(/^(['"])(.*)\1$/s, '$2')

function imageAt(written: WrittenText, variables: Variables): readonly PushedImage[] {
  const image = movingImage(isUnknownWord(written.text) ? rawOf(written) : written.text, variables)
  return image === null ? [] : [{ ...image, at: placeOf(written) }]
}

function byScripts(scripts: readonly WrittenText[], variables: Variables): readonly PushedImage[] {
  return [...followedCommands(scripts, variables)].flatMap(command =>
    pushedWords(command).flatMap(word => imageAt(word, variables)),
  )
}

/** The references of `docker push IMAGE`, and of `docker buildx build --push -t IMAGE .`. */
function pushedWords({ words }: FollowedCommand): readonly WrittenText[] {
  const [program, ...args] = words
  if (program === undefined || !/^(?:docker|podman)$/.test(posix.basename(program.text))) return []
  const verbs = args.map(({ text }) => text)
  if (verbs[0] === 'push' || (verbs[0] === 'image' && verbs[1] === 'push')) {
    const [image] = args.slice(verbs.indexOf('push') + 1).filter(({ text }) => !text.startsWith('-'))
    return image === undefined ? [] : [image]
  }
  if (!verbs.includes('build') || !verbs.includes('--push')) return []
  return args.filter((_, at) => /^(?:-t|--tag)$/.test(verbs[at - 1] ?? ''))
}

/** What the maps `env` and `variables` of a workflow say, where they say it once. */
function variablesIn(nodes: readonly YamlNode[]): Variables {
  const found = new Map<string, string>()
  const again = new Set<string>()
  for (const [name, value] of nodes.flatMap(assignedIn)) {
    if (found.has(name)) again.add(name)
    found.set(name, value)
  }
  for (const name of again) found.delete(name)
  return found
}

function assignedIn(node: YamlNode): readonly (readonly [string, string])[] {
  if (node.kind === 'scalar') return []
  if (node.kind === 'list') return node.items.flatMap(assignedIn)
  return [...node.entries.values()].flatMap(({ name, value }) => {
    if (!/^(?:env|variables)$/.test(name) || value.kind !== 'map') return assignedIn(value)
    return [...value.entries.values()].flatMap(entry =>
      entry.value.kind === 'scalar' ? [[entry.name, rawOf(entry.value.text)] as const] : [],
    )
  })
}
