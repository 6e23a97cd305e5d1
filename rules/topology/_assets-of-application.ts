import { posix } from 'node:path'
import { filesBelow, type Reach, sourceAt } from '../../src/files/file-system.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import type { AppServerProgram, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { isAsset } from '../_static-assets.ts'
import { projectOf } from '../_node-project.ts'
import { setsOnly } from './_sets-only.ts'

/**
 * Expressions for style sheets, scripts and pictures in a server whose pages a program makes that serves these files
 * itself: nginx looks for them below the `root` of the server, where the program does not keep them.
 */
export function* assetsOfApplication(
  { filesOf }: Deployment,
  { server, block, pass, targets }: NginxConnection,
): Iterable<RuleFinding> {
  if (pass.name !== 'proxy_pass' || block.parent !== server.directive || !isWholeSite(block)) return
  const { configuration } = server
  const found = childrenNamed(server.directive, 'location').filter(
    location => setsOnly(location) && takesAssets(location) && !hasUnreadInclude(configuration, location),
  )
  if (found.length === 0) return
  const program = targets.map(serverBehind).find(each => each !== null)
  const own = program == null ? null : ownDirectory(program)
  if (own === null) return
  const keepsOut = childrenNamed(server.directive, 'location').some(location => {
    const { modifier, name } = readLocation(location)
    return modifier === '^~' && own.url.startsWith(name) && name !== '/'
  })
  for (const location of keepsOut ? [] : found) {
    const base = fileBase(configuration, location)
    // A directory of its own is one that somebody has thought of.
    if (!base.known || base.value.directive.parent === location) continue
    const { path, directive: root } = base.value
    if (isUnknownWord(path) || isComputed(path) || posix.basename(path) === own.name) continue
    if ([...filesBelow(filesOf(configuration), path, FORMER)].some(isAsset)) continue
    const url = own.url + assetOf(location)
    yield {
      at: namePlace(location),
      message: `\`${url}\` of the application is looked for below \`${path}\`: \`${pass.name}\` of \`location /\` does not hold in this location`,
      label: 'answered with 404',
      confidence: 'medium',
      related: [
        { at: argumentPlace(pass, 0), message: 'the application, which serves such files, and is not asked' },
        { at: argumentPlace(root, 0), message: 'where nginx looks instead' },
      ],
      help: `Write \`${pass.name} ${pass.args[0]?.value};\` in this location too, or leave it out`,
    }
  }
}

const FORMER: Reach = { levels: 2, skipped: /^(?:node_modules|\.git)$/ }

function isWholeSite(location: NginxDirective): boolean {
  const { modifier, name } = readLocation(location)
  return location.name === 'location' && modifier === '' && name === '/'
}

/** True for an expression that tells nothing of a path but how it ends. */
function takesAssets(location: NginxDirective): boolean {
  const { modifier, name } = readLocation(location)
  if (!modifier.startsWith('~') || !/^\^?(?:\.[*+])?\(?(?:\.[*+])?\)?\\\./.test(name)) return false
  return assetOf(location) !== ''
}

/** A file that such an expression is for; empty for none. */
function assetOf(location: NginxDirective): string {
  const { modifier, name } = readLocation(location)
  const { texts } = sampleTexts(name, { caseless: modifier === '~*' })
  const endings = texts.map(text => /\.\w+$/.exec(fromBytes(text))?.[0] ?? '').filter(isAsset)
  const ending = endings.find(each => /^\.(?:css|js)$/.test(each)) ?? endings[0]
  return ending === undefined ? '' : `site${ending}`
}

interface OwnDirectory {
  /** The last part of its path. */
  readonly name: string
  /** Where its files are, with the last slash. */
  readonly url: string
}

/** The directory from which a program for Node.js serves files itself. */
function ownDirectory(program: AppServerProgram): OwnDirectory | null {
  for (const { code } of program.server.sources) {
    const [, written] =
      /\b(?:express\.static|serveStatic|serve)\((?:[^()'"`]|\([^()'"`]*)*['"`]([^'"`]+)['"`]/.exec(code) ?? []
    if (written !== undefined && /\b(?:express|serve-static|koa-static)\b/.test(code))
      return { name: posix.basename(written), url: '/' }
  }
  const project = projectOf(program)
  const text =
    project === null ? '' : (sourceAt(project.files, `${project.directory}/package.json`)?.text ?? '')
  if (/"next"\s*:\s*"[\^~\d]/.test(text)) return { name: '.next', url: '/_next/static/' }
  if (/"nuxt"\s*:\s*"[\^~\d]/.test(text)) return { name: 'public', url: '/_nuxt/' }
  return null
}
