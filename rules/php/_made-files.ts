import { posix } from 'node:path'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

/** A URL that looks like that of a file, and which an application answers. */
export interface MadeFile {
  readonly target: string
  /** As a message has it. */
  readonly shown: string
  /** Who makes it, or that it lies elsewhere. */
  readonly says: string
  /** A file that stands for the one which the URL means, where it has to be rewritten. */
  readonly existing: string | null
  readonly help: string
}

const toScript = (script: string): string => `Add \`try_files $uri /index.php${script};\` to this location`

/** The files that an application has no file of until a client asks for them, or never. */
export function madeFiles(files: FileSystem, root: string, application: string): readonly MadeFile[] {
  if (application === 'Drupal') return ofDrupal(files, root)
  if (application === 'Laravel') return ofLaravel(files, root)
  if (application === 'Symfony') return ofSymfony(files, root)
  return application === 'Magento' ? ofMagento(files, root) : []
}

function made(target: string, name: string, by: string): MadeFile {
  const shown = target.replace(/\?.*/, '').replace(MISSING, name)
  return {
    target,
    shown,
    says: `is made by ${by} when it is asked for, and this location looks for a file alone`,
    existing: null,
    help: toScript('?$args'),
  }
}

function ofDrupal(files: FileSystem, root: string): readonly MadeFile[] {
  const picture = made(`/sites/default/files/styles/large/public/${MISSING}.jpg`, 'picture', 'Drupal')
  if (!makesAggregates(files, root)) return [picture]
  const aggregates = ['css', 'js'].map(kind =>
    made(
      `/sites/default/files/${kind}/${kind}_${MISSING}.${kind}?delta=0&language=en&theme=site`,
      '…',
      'Drupal since 10.1',
    ),
  )
  return [picture, ...aggregates]
}

/**
 * True for a Drupal that makes its joined style sheets at the first request, as it does since 10.1.
 *
 * @see https://www.drupal.org/node/2888767
 */
function makesAggregates(files: FileSystem, root: string): boolean {
  const read = (path: string): string => sourceAt(files, posix.join(root, path))?.text ?? ''
  const version =
    /\bconst VERSION = '(\d+\.\d+)/.exec(read('core/lib/Drupal.php')) ??
    /"name": "drupal\/core",\s*"version": "(\d+\.\d+)/.exec(read('../composer.lock')) ??
    /"drupal\/core(?:-recommended)?"\s*:\s*"[\^~]?(\d+\.\d+|1[1-9])[\d.x*]*"/.exec(read('../composer.json'))
  const [major = 0, minor = 0] = (version?.[1] ?? '').split('.').map(Number)
  return major > 10 || (major === 10 && minor >= 1)
}

function ofLaravel(files: FileSystem, root: string): readonly MadeFile[] {
  const isPublished = ['vendor/livewire', 'livewire'].some(
    each => files.kind(posix.join(root, each)) !== null,
  )
  if (isPublished || !requires(files, root, 'livewire/livewire')) return []
  return [made(`/livewire/${MISSING}.js`, 'livewire', 'Laravel')]
}

/** The first URL of a thumbnail of LiipImagineBundle, which redirects to the file that it has made. */
function ofSymfony(files: FileSystem, root: string): readonly MadeFile[] {
  if (!requires(files, root, 'liip/imagine-bundle')) return []
  return [made(`/media/cache/resolve/thumb/${MISSING}.jpg`, 'picture', 'LiipImagineBundle')]
}

/** https://experienceleague.adobe.com/en/docs/commerce-operations/configuration-guide/cache/static-content-signing */
function ofMagento(files: FileSystem, root: string): readonly MadeFile[] {
  const names = files.list(posix.join(root, 'static'))?.map(({ name }) => name) ?? []
  const configured = ['config.php', 'env.php'].map(
    name => sourceAt(files, posix.join(root, '../app/etc', name))?.text ?? '',
  )
  const isUnsigned = configured.some(text => /['"]sign['"]\s*=>\s*['"]?0/.test(text))
  if (isUnsigned || names.some(name => name.startsWith('version'))) return []
  const file = `frontend/${MISSING}/styles.css`
  return [
    {
      target: `/static/version1700000000/${file}`,
      shown: '/static/version…/….css',
      says: 'is how Magento signs the address of a file without that directory, and nothing takes `version…/` out of it here',
      existing: posix.join(root, 'static', file),
      help: 'Add `location ~ ^/static/version\\d*/ { rewrite ^/static/version\\d*/(.*)$ /static/$1 last; }` inside of this location',
    },
  ]
}

function requires(files: FileSystem, root: string, name: string): boolean {
  return sourceAt(files, posix.join(root, '../composer.json'))?.text.includes(`"${name}"`) === true
}
