import { posix } from 'node:path'
import { memo } from '../../../parsers/collections/memo.ts'
import { cleanPath } from '../../../parsers/text/clean-path.ts'
import type { Place, Source } from '../../../parsers/text/source.ts'

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

const WORD = String.raw`("[^"\n]+"|'[^'\n]+'|[^\s"';&|]+)`
const SWITCHES = new RegExp(
  String.raw`^(?![ \t]*#).*?\b(?:ln[ \t]+(?=(?:-\S+[ \t]+)*-\w*s)(?=(?:-\S+[ \t]+)*-\w*[fn])|mv[ \t]+(?=(?:-\S+[ \t]+)*-\w*T))(?:-\S+[ \t]+)+${WORD}[ \t]+${WORD}`,
  'gm',
)
const ASSIGNS =
  /^[ \t]*(?:-[ \t]+)?(?:export[ \t]+|readonly[ \t]+)?([A-Za-z_]\w*)=["']?([^\s"'$`]*(?:\$\{?\w+\}?[^\s"'$`]*)*)["']?[ \t]*$/gm

/** `ln -sfn releases/42 /srv/shop/current`, and a new link that is moved over the old one. */
function ofCommands(source: Source): readonly ReleaseLink[] {
  const { text } = source
  if (!/\bln[ \t]+-|\bmv[ \t]+-/.test(text) || source.path.includes('Dockerfile')) return []
  const variables = new Map<string, string>()
  for (const [, name = '', value = ''] of text.matchAll(ASSIGNS))
    variables.set(name, fillIn(value, variables))
  return [...text.matchAll(SWITCHES)].flatMap(match => {
    const [all, from = '', to = ''] = match
    // A link that is made once leads to what has one name.
    if (!/releases?\b|\$|\{\{|current[.\w-]*$/.test(from.replace(/["']/g, ''))) return []
    const target = fillIn(to.replace(/["']/g, ''), variables)
    const home =
      text
        .slice(0, match.index)
        .match(/\bcd[ \t]+["']?[^\s"';&|]+/g)
        ?.at(-1) ?? ''
    const directory = fillIn(home.replace(/^cd[ \t]+["']?/, ''), variables)
    const start = match.index + all.length - to.length
    return linkAt(target.startsWith('/') ? target : `${directory}/${target}`, {
      source,
      start,
      end: start + to.length,
    })
  })
}

function fillIn(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$\{?(\w+)\}?/g, (written, name: string) => variables.get(name) ?? written)
}

const LINK_TASK = /^([ \t]*)- name:[^\n]*\n(?:\1[ \t]+[^\n]*\n?|[ \t]*\n)*/gm

/** A task of Ansible that makes a link to a release, and the module for deploys. */
function ofTasks(source: Source): readonly ReleaseLink[] {
  if (!/\.ya?ml$/.test(source.path)) return []
  return [...source.text.matchAll(LINK_TASK)].flatMap(({ 0: task, index }) => {
    const isHelper = /\bdeploy_helper:/.test(task)
    const isLink = /\bstate:[ \t]*link\b/.test(task) && /\bsrc:[^\n]*(?:releases?\b|\{\{)/.test(task)
    if (!isHelper && !isLink) return []
    const match = /^[ \t]*(?:dest|path):[ \t]*["']?(\/[^\s"']+)["']?[ \t]*$/m.exec(task)
    if (match === null || /\bcurrent_path:/.test(task)) return []
    const [all, path = ''] = match
    const start = index + match.index + all.lastIndexOf(path)
    const at = { source, start, end: start + path.length }
    return linkAt(isHelper ? `${path}/current` : path, at)
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
