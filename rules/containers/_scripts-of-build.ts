import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { leftOutOf } from '../../src/deployment/containers/read-containers.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { runsOnlyWebServer } from './_runs-only.ts'

/** A variable of the build without a value of its own, and one of the environment that has that of the build. */
const DECLARED = /^[ \t]*(?:ARG[ \t]+(\w+)|ENV[ \t]+(\w+)(?:=|[ \t]+)["']?\$\{?\2\}?["']?)[ \t]*$/gm
const FILES = ['.env', '.env.production', '.env.local', '.env.production.local']

/** True for a server of files, where nothing else may read the environment. */
export function isServerOfFiles(container: Container): boolean {
  const { image, service, mounts } = container
  if (image === null || !runsOnlyWebServer(container)) return false
  if (mounts.some(({ target }) => /^\/docker-entrypoint|\/templates|^\/etc\/nginx$/.test(target)))
    return false
  const command = [...(service.command?.words ?? [])].map(({ text }) => text).join(' ')
  return !(
    /envsubst|\.sh\b|sed\b/.test(command) ||
    (image.command !== null && /envsubst|\.sh\b|sed\b/.test(commandText(image.command))) ||
    image.steps.some(step =>
      'sources' in step
        ? step.documents.length > 0 ||
          [step.target, ...step.sources].some(
            fact => !fact.known || /\.sh$|entrypoint|templates?\b/.test(fact.value),
          )
        : /envsubst|\.sh\b|entrypoint|runtime-env|import-meta-env/.test(commandText(step.command)),
    )
  )
}

/**
 * What a Dockerfile that builds scripts, and the files of variables beside it, name in any way; null for any other.
 * @param own the lines of the Dockerfile that count: all of them, or those before some stage
 */
export function namesOfBuild(
  { image, service, hostFiles }: Container,
  own = image?.stage.at.source.text ?? '',
): string | null {
  const context = service.build?.context
  if (image === null || context?.known !== true || !context.value.startsWith('/')) return null
  // A stage that builds: what another image brings was built elsewhere.
  const { source } = image.stage.at
  const { stages } = readDockerfile(source)
  const builds = stages.some(({ runs }) =>
    runs.some(({ command: run }) => /\b(?:npm|yarn|pnpm|bun|vite)\b.*\bbuild\b/s.test(commandText(run))),
  )
  // A file of variables by another name, or one that the build is lent.
  if (!builds || /--mount=type=(?:secret|bind)|^\s*COPY\s[^\n]*\benv\b/m.test(source.text)) return null
  // `ARG NAME`, and `ENV NAME=$NAME`, have what `args` of the build gives them, and that is nothing.
  const given = new Set((service.build?.args ?? []).map(({ name }) => name))
  const text = own.replace(DECLARED, (line, arg?: string, own?: string) =>
    given.has(arg ?? own ?? '') ? line : '',
  )
  const isLeftOut = leftOutOf(hostFiles, context.value, source.path)
  const files = FILES.map(file => posix.join(context.value, file)).filter(path => isLeftOut?.(path) !== true)
  return [text, ...files.map(path => sourceAt(hostFiles, path)?.text ?? '')].join('\n')
}
