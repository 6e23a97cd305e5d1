import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import { cleanPath } from '../../../parsers/text/clean-path.ts'
import { type Place, placeText, type Source } from '../../../parsers/text/source.ts'
import { placeOf } from '../../../parsers/text/written-text.ts'
import { inDirectory } from './followed-commands.ts'
import { moduleCalls } from './module-calls.ts'
import { setupCommands } from './setup-commands.ts'

/** A link that each deploy leads to its new release. */
export interface ReleaseLink {
  readonly path: string
  /** What says so. */
  readonly at: Place
}

/** The links that the texts which deploy switch, as far as their paths are written out. */
export const releaseLinks = memo((texts: readonly Source[]): readonly ReleaseLink[] => [
  ...ofCapistrano(texts.filter(({ path }) => /\/(?:deploy|config\/deploy\/[^/]+)\.rb$/.test(path))),
  ...texts.flatMap(source => [...ofDeployer(source), ...ofCommands(source), ...ofTasks(source)]),
])

const APPLICATION = /^[ \t]*set[ \t(]+['"]?:?application['"]?[ \t]*,[ \t]*['"]([\w.-]+)['"]/m
const DEPLOY_TO = /^[ \t]*set[ \t(]+:deploy_to[ \t]*,[^'"\n]*['"]([^'"\n]+)['"]/m

/** @see https://capistranorb.com/documentation/getting-started/structure/ */
function ofCapistrano(texts: readonly Source[]): readonly ReleaseLink[] {
  const isOne = texts.some(({ text }) =>
    /^[ \t]*set[ \t(]+:(?:repo_url|repository|application)\b/m.test(text),
  )
  if (!isOne || texts.some(({ text }) => /:current_(?:directory|path)\b[^\n]*,/.test(text))) return []
  const named = texts.flatMap(source => writtenIn(source, APPLICATION) ?? [])
  const application = named[0]?.value ?? null
  const told = texts.flatMap(source => writtenIn(source, DEPLOY_TO) ?? [])
  const written = told.map(({ value, at }) => ({
    value: value.replace(/#\{(?:fetch\(:application\)|application)\}/g, application ?? '#{'),
    at,
  }))
  const [name] = named
  const homes =
    written.length > 0 || name === undefined ? written : [{ value: `/var/www/${name.value}`, at: name.at }]
  return homes.flatMap(({ value, at }) => linkAt(`${value}/current`, at))
}

const DEPLOY_PATH =
  /(?:\bset\([ \t]*['"]deploy_path['"][ \t]*,|\bsetDeployPath\(|^[ \t]*deploy_path:)[ \t]*['"]?([^'"\n]+?)['"]?[ \t]*(?:$|[,)])/gm

/** @see https://deployer.org/docs/7.x/getting-started */
function ofDeployer(source: Source): readonly ReleaseLink[] {
  const { text, path } = source
  const isRecipe = /\/deploy\.(?:php|ya?ml)$/.test(path) && /\bDeployer\b|recipe\//.test(text)
  if (!isRecipe || /\bcurrent_path\b/.test(text)) return []
  const application = /['"]?application['"]?(?:[ \t]*,|:)[ \t]*['"]?([\w.-]+)/.exec(text)?.[1] ?? '{{'
  return [...text.matchAll(DEPLOY_PATH)].flatMap(match => {
    const [all, value = ''] = match
    const start = match.index + all.lastIndexOf(value)
    return linkAt(`${value.replace(/\{\{\s*application\s*\}\}/g, application)}/current`, {
      source,
      start,
      end: start + value.length,
    })
  })
}

/** `ln -sfn releases/42 /srv/shop/current`, and a new link that is moved over the old one. */
function ofCommands(source: Source): readonly ReleaseLink[] {
  if (!/\b(?:ln|mv)[ \t]+-/.test(source.text) || source.path.includes('Dockerfile')) return []
  return setupCommands(source).flatMap(({ words: [program, ...args], directory }) => {
    const options = args.flatMap(({ text }) => (text.startsWith('-') ? [...text] : []))
    const [from, to, ...others] = args.filter(({ text }) => !text.startsWith('-'))
    const switches =
      program?.text === 'ln'
        ? options.includes('s') && (options.includes('f') || options.includes('n'))
        : program?.text === 'mv' && options.includes('T')
    if (!switches || from === undefined || to === undefined || others.length > 0) return []
    // A link that is made once leads to what has one name.
    if (!/releases?\b|\$|\{\{|current[.\w-]*$/.test(placeText(placeOf(from)))) return []
    const path = inDirectory(to.text, directory)
    return path === null ? [] : linkAt(path, placeOf(to))
  })
}

/** A task of Ansible that makes a link to a release, and the module for deploys. */
function ofTasks(source: Source): readonly ReleaseLink[] {
  return moduleCalls(source).flatMap(({ module, options }) => {
    const text = (options.get('dest') ?? options.get('path'))?.text
    if (text === undefined || options.has('current_path')) return []
    if (module === 'deploy_helper') return linkAt(`${text.text}/current`, placeOf(text))
    const from = options.get('src')
    const isLink = module === 'file' && options.get('state')?.text.text === 'link' && from !== undefined
    return isLink && /releases?\b|\{\{/.test(placeText(from.at)) ? linkAt(text.text, placeOf(text)) : []
  })
}

/** None where a part of the path is not written out. */
function linkAt(path: string, at: Place): readonly ReleaseLink[] {
  return /^\/[\w./@+-]+$/.test(path) && posix.dirname(path) !== '/' ? [{ path: cleanPath(path), at }] : []
}

function writtenIn(source: Source, pattern: RegExp): { readonly value: string; readonly at: Place } | null {
  const match = pattern.exec(source.text)
  if (match === null) return null
  const [all, value = ''] = match
  const start = match.index + all.lastIndexOf(value)
  return { value, at: { source, start, end: start + value.length } }
}
