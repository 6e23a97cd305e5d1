import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf } from '../../parsers/text/written-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { builtContainer } from '../../src/deployment/containers/images-alone.ts'
import { clusterBeside, clusterFiles } from '../../src/deployment/kubernetes/cluster-files.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { setupCommands } from '../../src/deployment/setups/setup-commands.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { isServerOfFiles, namesOfBuild } from './_scripts-of-build.ts'

/** What Vite, Create React App and the CLI of Vue put into scripts when they build them. */
const OF_BUILD = /^(?:VITE|REACT_APP|VUE_APP)_\w+$/

/** An image that serves scripts which one of its stages builds. */
interface ServingImage {
  readonly container: Container
  /** The name of the directory that has its Dockerfile. */
  readonly name: string
  /** What its build may read variables from. */
  readonly names: string
}

interface LateVariable {
  readonly name: string
  readonly at: Place
  /** The image that has it, without a tag; null where that is the Dockerfile's own. */
  readonly image: string | null
  readonly related: RuleFinding['related']
}

/** Variables that pods, `docker run` and the last stage of a Dockerfile give to files that were built before. */
export function* lateVariables(deployment: Deployment): Iterable<RuleFinding> {
  const images = servingImages(deployment)
  if (images.length === 0) return
  for (const late of [...ofPods(deployment), ...ofRun(deployment)]) {
    const of = imageNamed(images, late.image)
    if (of !== null && !of.names.includes(late.name)) yield found(late, of.container)
  }
  for (const { container } of images) yield* ofLastStage(container)
}

function servingImages({ machines }: Deployment): readonly ServingImage[] {
  const loose = machines.flatMap(machine => machine.loose ?? [])
  return loose.flatMap(({ files, dockerfiles }) =>
    dockerfiles.flatMap(path => {
      const container = builtContainer(files, path)
      // What a manifest says of it is all: no compose file runs it.
      const whole =
        container === null ? null : { ...container, service: { ...container.service, complete: true } }
      const names = whole !== null && isServerOfFiles(whole) ? namesOfBuild(whole) : null
      return whole === null || names === null
        ? []
        : [{ container: whole, name: posix.basename(posix.dirname(path)), names }]
    }),
  )
}

/** The one that is called as the directory of its Dockerfile is, or the only one there is. */
function imageNamed(images: readonly ServingImage[], image: string | null): ServingImage | null {
  const base = posix.basename((image ?? '').replace(/@.*$/, '').replace(/:[^/]*$/, ''))
  const named = images.filter(({ name }) => name === base)
  return named.length === 1 ? named[0]! : images.length === 1 ? images[0]! : null
}

function found({ name, at, related = [] }: LateVariable, { image }: Container): RuleFinding {
  return {
    at,
    message: `\`${name}\` is read when the scripts are built, and nginx sends them as they are: no browser gets this value`,
    label: 'too late',
    related: [...related, { at: image!.stage.at, message: 'files alone in this image' }],
    help: `Give it to the build: \`ARG ${name}\` before it in the Dockerfile, and \`--build-arg ${name}=…\``,
  }
}

function ofPods(deployment: Deployment): readonly LateVariable[] {
  const files = (clusterFiles(deployment) ?? clusterBeside(deployment))?.files ?? []
  const maps = files.flatMap(file => file.configMaps)
  const containers = files.flatMap(file => file.workloads).flatMap(workload => workload.containers)
  return containers.flatMap(({ image, hasCommand, variablePlaces, environmentMaps, at }) => {
    if (image === null || hasCommand || !/[/]/.test(image)) return []
    const own = [...variablePlaces].map(([name, place]) => ({ name, at: place, image, related: [] }))
    const given = maps
      .filter(map => environmentMaps.includes(map.name))
      .flatMap(({ keys }) =>
        [...keys].map(([name, place]) => ({
          name,
          at: place,
          image,
          related: [{ at, message: 'the container that has it' }],
        })),
      )
    return [...own, ...given].filter(({ name }) => OF_BUILD.test(name))
  })
}

/** `docker run -e NAME=VALUE IMAGE` */
function ofRun({ setups }: Deployment): readonly LateVariable[] {
  return (setups() ?? []).flatMap(source => {
    if (!/\bdocker\b/.test(source.text) || !/(?:VITE|REACT_APP|VUE_APP)_/.test(source.text)) return []
    return setupCommands(source).flatMap(({ words }) => {
      const texts = words.map(({ text }) => text)
      if (!/^docker (?:container )?run$/.test(texts.slice(0, texts[1] === 'container' ? 3 : 2).join(' ')))
        return []
      return words.flatMap((word, index): LateVariable[] => {
        const name = /^(?:--env=|-e)?(\w+)=/.exec(word.text)?.[1] ?? ''
        const isGiven = /^(?:-e|--env)$/.test(texts[index - 1] ?? '') || /^(?:--env=|-e\w)/.test(word.text)
        return isGiven && OF_BUILD.test(name)
          ? [{ name, at: placeOf(word), image: texts.at(-1) ?? null, related: [] }]
          : []
      })
    })
  })
}

/** `ENV` behind the build, in the stage of nginx. */
function* ofLastStage(container: Container): Iterable<RuleFinding> {
  const { stage } = container.image!
  const before = stage.at.source.text.slice(0, stage.at.start)
  const names = namesOfBuild(container, before) ?? ''
  for (const { name, value, at } of stage.environment)
    if (OF_BUILD.test(name) && value.known && value.value !== '' && !names.includes(name))
      yield found({ name, at, image: null, related: [] }, container)
}
