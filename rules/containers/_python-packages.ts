import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { requirementsIn, stageChain } from './_requirements.ts'

/** What a build installs of Python, by the names of its requirements as PyPI has them; null where it may install more. */
export function installedPackages({
  image,
  base,
  service,
  hostFiles,
}: Container): ReadonlySet<string> | null {
  const context = service.build?.context
  if (image === null || base !== 'python' || context?.known !== true) return null
  const { stages } = readDockerfile(image.stage.at.source)
  const chain: readonly DockerStage[] = stageChain(stages, image.stage)
  if (chain.some(({ copies }) => copies.some(({ from }) => from !== null))) return null
  const names = new Set<string>()
  let isSeen = false
  for (const { command, documents } of chain.flatMap(({ runs }) => runs)) {
    if (documents.length > 0) return null
    for (const part of commandText(command).split(/&&|;|\n|\|\|/)) {
      const text = part.trim()
      if (OTHER.test(text)) return null
      const install = /^(?:\S*pip3?|\S*python3? -m pip)\s+install\s+(.*)$/s.exec(text)?.[1]
      if (install === undefined) continue
      const words = install.split(/\s+/).filter(word => word !== '\\' && word !== '')
      for (let index = 0; index < words.length; index++) {
        const word = words[index] ?? ''
        const path = /^(?:-r|--requirement)$/.test(word)
          ? words[++index]
          : /^(?:-r|--requirement=)(.+)$/.exec(word)?.[1]
        if (path !== undefined) {
          const found = readNames(hostFiles, context.value, path)
          if (found === null) return null
          isSeen = true
          for (const name of found) names.add(name)
        } else if (!word.startsWith('-')) {
          if (!/^["']?[A-Za-z][\w.-]*(?:[=~<>!]=?[\w.*]+)?["']?$/.test(word)) return null
          names.add(
            word
              .replace(/["']|[=~<>!].*$/g, '')
              .toLowerCase()
              .replaceAll('_', '-'),
          )
        }
      }
    }
  }
  return isSeen ? names : null
}

/** What brings packages in another way. */
const OTHER =
  /\b(?:poetry|pipenv|pdm|uv|conda|mamba|pipx|easy_install|hatch)\b|\.sh\b|\bsetup\.py\b|\bpy3-|\bpython3-(?!dev|venv|pip)\w|\bmake\b|\$\(|requirements\/?\s*$|gunicorn(?!==)\S*\.(?:whl|tar)/

/** The names of a requirements file; null where a line may be anything else. */
export function readNames(
  files: Container['hostFiles'],
  context: string,
  path: string,
): readonly string[] | null {
  const named = [posix.join(context, path), posix.join(context, posix.basename(path))].find(
    each => files.kind(each) === 'file',
  )
  const read = named === undefined ? null : files.read(named)
  if (named === undefined || read?.kind !== 'source') return null
  const lines = read.source.code
    .split('\n')
    .filter(line => !/^\s*(?:#|$|--hash|-i |--index-url|--extra-index-url)/.test(line))
  // Extras bring what nobody here knows.
  if (
    lines.some(
      line =>
        !/^(?:[A-Za-z][\w.-]*\s*(?:[=~<>!;#,\\].*)?|-r\s.*)$/.test(line.trim()) && !/^psycopg\[/.test(line),
    )
  )
    return null
  return [...requirementsIn(files, named)].map(({ name }) => name.toLowerCase().replaceAll('_', '-'))
}
