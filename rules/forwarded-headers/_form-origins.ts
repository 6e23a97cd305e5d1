import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'
import { filesBelow, sourceAt } from '../../src/files/file-system.ts'
import type { Fact } from '../../src/servers/fact.ts'
import { type NodeProject, projectOf } from '../_node-project.ts'

/** An application whose framework compares the `Origin` of a form with the name that it is asked for. */
export interface FormOrigins {
  readonly framework: 'SvelteKit' | 'Next.js'
  /** What it answers where the two differ. */
  readonly said: string
  /** The one origin that it takes, whatever it is asked for; null where the request tells it. */
  readonly told: Fact<string> | null
  /** True where it takes the name from `X-Forwarded-Host`, where that is sent. */
  readonly readsForwarded: boolean
}

/** Null for any other application, for one without forms of this kind, and for one that is told to trust others. */
export const formOriginsOf = memo((program: AppServerProgram): FormOrigins | null => {
  const framework = program.server.settings.get('framework')
  if (framework?.known !== true) return null
  if (framework.value === 'SvelteKit') return originsOfSvelteKit(program)
  return framework.value === 'Next.js' ? originsOfNext(program) : null
})

/** https://svelte.dev/docs/kit/adapter-node#Environment-variables-ORIGIN-PROTOCOL_HEADER-HOST_HEADER-and-PORT_HEADER */
function originsOfSvelteKit(program: AppServerProgram): FormOrigins | null {
  const [configuration] = program.server.sources
  const project = projectOf(program)
  if (configuration === undefined || project === null) return null
  if (/\bcheckOrigin\s*:\s*false|\btrustedOrigins\b|\borigin\s*:/.test(configuration.code)) return null
  const told = readsOrigin(project) ? program.environment('ORIGIN') : null
  if (told === null && program.environment('HOST_HEADER') !== null) return null
  if (!hasSource(project, ['src/routes'], /^\+page\.server\.[jt]s$/, ACTIONS)) return null
  const said = 'Cross-site POST form submissions are forbidden'
  return { framework: 'SvelteKit', said, told, readsForwarded: false }
}

/** The adapter of SvelteKit 3 has it from `paths.origin` of the configuration in place of the variable. */
function readsOrigin({ files, directory }: NodeProject): boolean {
  const text = sourceAt(files, posix.join(directory, 'package.json'))?.code ?? ''
  const release = /"@sveltejs\/adapter-node"\s*:\s*"[^\d"]*(\d+)/.exec(text)?.[1]
  return release === undefined || Number(release) < 6
}

const ACTIONS = /^[ \t]*export\s+(?:const|let)\s+actions\b/m

/** https://nextjs.org/docs/app/guides/data-security#allowed-origins-advanced */
function originsOfNext(program: AppServerProgram): FormOrigins | null {
  const project = projectOf(program)
  if (project === null) return null
  const configured = ['js', 'mjs', 'ts', 'cjs'].map(end =>
    sourceAt(project.files, posix.join(project.directory, `next.config.${end}`)),
  )
  if (configured.some(source => source !== null && /\ballowedOrigins\b/.test(source.code))) return null
  if (!hasSource(project, ['app', 'src'], /\.[jt]sx?$/, /^[ \t]*(['"])use server\1/m)) return null
  return { framework: 'Next.js', said: 'Invalid Server Actions request', told: null, readsForwarded: true }
}

const REACH = { levels: 8, skipped: /^node_modules$/ }
const MOST_FILES = 400

function hasSource(
  { files, directory }: NodeProject,
  within: readonly string[],
  name: RegExp,
  text: RegExp,
): boolean {
  let left = MOST_FILES
  for (const each of within)
    for (const path of filesBelow(files, posix.join(directory, each), REACH)) {
      if (!name.test(posix.basename(path))) continue
      if (left-- <= 0) return false
      if (text.test(sourceAt(files, path)?.code ?? '')) return true
    }
  return false
}
