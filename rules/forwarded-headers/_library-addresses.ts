import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { AppServerProgram, Machine } from '../../src/deployment/model.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { containerVariables } from '../containers/_container-variables.ts'

/** A library or a framework that begins addresses with one that a variable names. */
interface AddressLibrary {
  readonly name: string
  readonly variable: string
  /** The file that says that an application uses it, and how; null where nobody else reads the variable. */
  readonly told: readonly [file: string, pattern: RegExp] | null
  readonly breaks: string
  /** Variables with which it asks the request instead. */
  readonly unless: readonly string[]
}

const SIGNING_IN = 'whoever signs in is sent there'

const LIBRARIES: readonly AddressLibrary[] = [
  {
    // https://next-auth.js.org/configuration/options#nextauth_url
    name: 'NextAuth',
    variable: 'NEXTAUTH_URL',
    told: null,
    breaks: SIGNING_IN,
    unless: ['AUTH_TRUST_HOST', 'VERCEL', 'AUTH_URL'],
  },
  {
    // https://authjs.dev/reference/core/errors#untrustedhost
    name: 'Auth.js',
    variable: 'AUTH_URL',
    told: ['package.json', /"(?:next-auth|@auth\/[\w-]+)"\s*:/],
    breaks: SIGNING_IN,
    unless: ['AUTH_TRUST_HOST', 'VERCEL'],
  },
  {
    // https://www.better-auth.com/docs/reference/options#baseurl
    name: 'Better Auth',
    variable: 'BETTER_AUTH_URL',
    told: ['package.json', /"better-auth"\s*:/],
    breaks: SIGNING_IN,
    unless: [],
  },
  {
    // https://laravel.com/docs/filesystem#the-public-disk
    name: 'Laravel',
    variable: 'APP_URL',
    told: ['composer.json', /"laravel\/framework"\s*:/],
    breaks: 'so do the links of its mails and of the files of its public disk',
    unless: ['ASSET_URL'],
  },
]

/** The address that an application is told, and what it does with it. */
export interface ToldAddress {
  readonly library: Pick<AddressLibrary, 'name' | 'variable' | 'breaks'>
  readonly text: string
  readonly at: Place
}

/** The addresses that the application of a container is told. */
export function toldToContainer(container: Container): readonly ToldAddress[] {
  const variables = new Map(
    containerVariables(container).flatMap(each => (each.isExample === true ? [] : [[each.name, each.value]])),
  )
  const { build } = container.service
  const context = build?.context.known === true ? [build.context.value] : []
  const dockerfile = container.image?.stage.at.source.path
  const homes = [
    ...context,
    ...(dockerfile === undefined ? [] : [posix.dirname(dockerfile)]),
    ...container.mounts.flatMap(({ path }) => path ?? []),
  ]
  return told(
    name => variables.get(name) ?? null,
    name => variables.has(name),
    container.hostFiles,
    homes,
  )
}

/** The same of what a unit, PM2 or supervisord starts. */
export function toldToProgram(
  { environment, directory }: AppServerProgram,
  { files }: Machine,
): readonly ToldAddress[] {
  return told(
    environment,
    name => environment(name) !== null,
    files,
    directory?.known === true ? [directory.value] : [],
  )
}

function told(
  variable: AppServerProgram['environment'],
  isSet: (name: string) => boolean,
  files: FileSystem,
  homes: readonly string[],
): readonly ToldAddress[] {
  const mode = variable('NODE_ENV') ?? variable('APP_ENV')
  if (mode !== null && !(mode.known && /^prod/.test(mode.value))) return []
  return LIBRARIES.flatMap(library => {
    const value = variable(library.variable)
    if (value?.known !== true || value.at === null) return []
    if (!isUsed(library, files, homes) || library.unless.some(isSet) || isForDevelopment(value.at)) return []
    return isFilled(value.at) ? [] : [{ library, text: value.value, at: value.at }]
  })
}

function isUsed({ told }: AddressLibrary, files: FileSystem, homes: readonly string[]): boolean {
  if (told === null) return true
  const [file, pattern] = told
  return homes.some(home => pattern.test(sourceAt(files, posix.join(home, file))?.code ?? ''))
}

function isForDevelopment({ source }: Place): boolean {
  return /(?:^|[._-])(?:dev|development|local|override|test|example|sample)(?:[._-]|$)/i.test(
    posix.basename(source.path),
  )
}

/** What Compose fills in, whoever starts it may have set. */
export function isFilled({ source, start, end }: Place): boolean {
  return (
    source.text.slice(start, end).includes('$') ||
    /\$\{\w+:?[-=]["']?$/.test(source.text.slice(Math.max(0, start - 80), start))
  )
}
