import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { looseImages, type RunImage, runImages } from '../containers/_images.ts'
import { buildSteps } from '../containers/_started-words.ts'
import { projectIn } from './_public-directory.ts'

/** Images of PHP with Apache whose document root is a whole project, and not its public directory. */
export function* rootsInImages(deployment: Deployment): Iterable<RuleFinding> {
  const seen = new Set<Place['source']>()
  for (const run of [...runImages(deployment), ...looseImages(deployment)]) {
    const { reference, image, machine, mounts, files, command } = run
    const service = machine.container?.service
    if (!/^php:\S*apache/.test(reference ?? '') || image === null || service?.complete === false) continue
    // A script of the project may change what it likes.
    if (command === undefined || (command !== null && !/apache2-foreground$/.test(command.words[0] ?? '')))
      continue
    const steps = buildSteps(run).join('\n')
    if (
      /\.sh\b|DocumentRoot|DOCUMENT_ROOT|\/public\b|\bln\b|\bmv\b|a2ensite|sites-|apache2\.conf/.test(steps)
    )
      continue
    const root = documentRootOf(deployment, run)
    if (root === null || seen.has(root.at.source)) continue
    const whole = mounts.find(
      ({ path, target }) => path !== null && target.replace(/(.)\/$/, '$1') === root.directory,
    )
    // What lies over a part of it may be anything.
    if (
      whole?.path == null ||
      mounts.some(({ path, target }) => path === null && target.startsWith(root.directory))
    )
      continue
    const project = projectIn(files, whole.path)
    if (project === null || files.kind(posix.join(whole.path, '.htaccess')) !== null) continue
    seen.add(root.at.source)
    yield {
      at: root.at,
      message: `\`${root.directory}\` is the project of ${project.name}, whose pages \`${project.directory}/index.php\` makes: Apache answers \`/\` with 403, and serves \`/${project.marker}\``,
      label: `not its \`${project.directory}\``,
      related: [{ at: whole.at, message: 'the whole project comes here' }],
      help: `Make \`${posix.join(root.directory, project.directory)}\` the document root`,
    }
  }
}

/** Where a document root is said: the virtual host that goes into the image, else the image that brings its own. */
function documentRootOf(
  { apache }: Deployment,
  { image, mounts }: RunImage,
): { readonly directory: string; readonly at: Place } | null {
  const own = mounts.filter(({ target }) => /^\/etc(?:\/apache2(?:\/|$)|\/?$)/.test(target))
  if (own.length === 0) return image === null ? null : { directory: '/var/www/html', at: image.stage.at }
  const [site] = own
  if (own.length > 1 || site?.path == null) return null
  if (!/^\/etc\/apache2\/sites-(?:available|enabled)\/000-default\.conf$/.test(site.target)) return null
  const lines = apache.flatMap(({ occurrences }) =>
    (occurrences.get('documentroot') ?? []).filter(({ source }) => source.path === site.path),
  )
  const [line] = lines
  const directory = line?.args[0]?.value ?? ''
  if (line === undefined || new Set(lines.map(({ args }) => args[0]?.value)).size > 1) return null
  return /^\/[\w./-]+$/.test(directory)
    ? { directory: directory.replace(/(.)\/$/, '$1'), at: argumentPlace(line, 0) }
    : null
}
