import { posix } from 'node:path'
import { stepText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerStage } from '../../parsers/dockerfile/dockerfile.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { stageChain } from './_requirements.ts'

/**
 * What a build installs of Python, by the names of its requirements as PyPI has them; null where it may install more.
 *
 * @param extras gives `uvicorn[standard]` besides `uvicorn`; without it nobody knows what such a line brings
 */
export function installedPackages(
  { image, base, service, hostFiles }: Container,
  extras = false,
): ReadonlySet<string> | null {
  const context = service.build?.context
  if (image === null || base !== 'python' || context?.known !== true) return null
  const { stages } = readDockerfile(image.stage.at.source)
  const chain: readonly DockerStage[] = stageChain(stages, image.stage)
  if (chain.some(({ copies }) => copies.some(({ from }) => from !== null))) return null
  const names = new Set<string>()
  let isSeen = false
  for (const { command, documents } of chain.flatMap(({ runs }) => runs)) {
    if (documents.length > 0) return null
    for (const part of stepText(command).split(/&&|;|\n|\|\|/)) {
      const text = part.trim()
      if (OTHER.test(text)) return null
      const install =
        /^(?:\S*pip[\d.]*|\S*python[\d.]* -m pip|uv pip)(?:\s+--?[\w-]+(?:=\S+)?)*\s+install\s+(.*)$/s.exec(
          text,
        )?.[1]
      if (install === undefined) continue
      const words = install.split(/\s+/).filter(word => word !== '\\' && word !== '')
      for (let index = 0; index < words.length; index++) {
        const word = words[index] ?? ''
        const path = /^(?:-r|--requirement)$/.test(word)
          ? words[++index]
          : /^(?:-r|--requirement=)(.+)$/.exec(word)?.[1]
        if (path !== undefined) {
          const found = readNames(hostFiles, context.value, path, extras)
          if (found === null) return null
          isSeen = true
          for (const name of found) names.add(name)
        } else if (!word.startsWith('-')) {
          const [, name, written, release] =
            /^["']?([A-Za-z][\w.-]*)(\[[\w,-]+\])?((?:[=~<>!]=?[\w.*]+)?)["']?$/.exec(word) ?? []
          if (name === undefined) return null
          const of = written ?? unwrittenExtras(name, release)
          if (of !== undefined && !extras) return null
          for (const each of namesWith(name, of)) names.add(each)
        }
      }
    }
  }
  return isSeen ? names : null
}

/** What brings packages in another way. */
const OTHER =
  /\buv\s+(?!pip\s+install\b)\w|\b(?:poetry|pipenv|pdm|conda|mamba|pipx|easy_install|hatch)\b|\.sh\b|\bsetup\.py\b|\bpy3-|\bpython3-(?!dev|venv|pip)\w|\bmake\b|\$\(|requirements\/?\s*$|gunicorn(?!==)\S*\.(?:whl|tar)/

/** The names of a requirements file, and of those that it names; null where a line may be anything else. */
export function readNames(
  files: Container['hostFiles'],
  context: string,
  path: string,
  extras = false,
  depth = 0,
): readonly string[] | null {
  const named = [posix.join(context, path), posix.join(context, posix.basename(path))].find(
    each => files.kind(each) === 'file',
  )
  const read = named === undefined || depth > 3 ? null : files.read(named)
  if (named === undefined || read?.kind !== 'source') return null
  const names: string[] = []
  for (const written of read.source.code.split('\n')) {
    const line = written.trim()
    if (/^(?:#|$|--hash|-i |--index-url|--extra-index-url)/.test(line)) continue
    const other = /^-r\s*(\S+)/.exec(line)?.[1]
    if (other !== undefined) {
      const found = readNames(files, posix.dirname(named), other, extras, depth + 1)
      if (found === null) return null
      names.push(...found)
      continue
    }
    // A marker may leave it out on some machine; who wrote it thought of it.
    const [, name, extra, release] =
      /^([A-Za-z][\w.-]*)\s*(\[[\w, -]+\])?\s*((?:[=~<>!;#,\\].*)?)$/.exec(line) ?? []
    if (name === undefined) return null
    const of = extra ?? unwrittenExtras(name, release)
    // Extras bring what not every rule knows.
    if (of !== undefined && !extras && name.toLowerCase() !== 'psycopg') return null
    names.push(...namesWith(name, extras ? of : undefined))
  }
  return names
}

/** FastAPI 0.111 brought by itself what `fastapi[standard]` brings since 0.112. */
function unwrittenExtras(name: string, release: string | undefined): string | undefined {
  return /^fastapi$/i.test(name) && /^(?:==\s*0\.111(?!\d)|~=\s*0\.111\.)/.test(release ?? '')
    ? '[standard]'
    : undefined
}

function namesWith(name: string, extras: string | undefined): readonly string[] {
  const plain = name.toLowerCase().replaceAll(/[_.]/g, '-')
  return [plain, ...(extras?.match(/[\w-]+/g) ?? []).map(each => `${plain}[${each.toLowerCase()}]`)]
}

/** Other files and directories that say what is installed. */
const OTHER_LISTS =
  /^(?:(?:dev-|prod-|base-)?requirements(?!\.txt$).*|Pipfile.*|pyproject\.toml|setup\.(?:py|cfg)|(?:poetry|uv|pdm)\.lock|environment\.ya?ml|conda.*|Dockerfile.*|.*[._-]Dockerfile|(?:docker-)?compose.*\.ya?ml|.*requirements\.txt|.*\.sh|Makefile|vendor|lib)$/

/** What the one list of packages in a directory names; null where there is none, or they may stand elsewhere. */
export function requiredBeside(
  files: Container['hostFiles'],
  directory: string,
  extras = false,
): ReadonlySet<string> | null {
  const names = [directory, posix.dirname(directory)].flatMap(each =>
    (files.list(each) ?? []).map(({ name }) => posix.join(each, name)),
  )
  const own = posix.join(directory, 'requirements.txt')
  if (!names.includes(own)) return null
  if (names.some(path => path !== own && OTHER_LISTS.test(posix.basename(path)))) return null
  const required = readNames(files, directory, 'requirements.txt', extras)
  return required === null ? null : new Set(required)
}
