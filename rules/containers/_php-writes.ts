import { posix } from 'node:path'
import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { PROJECT_FILES } from '../_php-projects.ts'
import { buildSteps, type Started } from './_started-words.ts'

/** A directory of the image into which an application of PHP writes with nearly every request. */
export interface WrittenDirectory {
  readonly directory: string
  /** As it is called in the project. */
  readonly name: string
  /** What PHP or the framework says where it may not. */
  readonly said: string
}

interface Framework {
  /** A file and a package by which its projects are known. */
  readonly file: string
  readonly requires: RegExp
  readonly written: readonly { readonly name: string; readonly said: string }[]
  /** What makes a project write elsewhere, or have all of it written when it is built. */
  readonly spares: RegExp
  /** What the build writes of it beforehand, so that requests write the log alone. */
  readonly builds?: RegExp
}

const FRAMEWORKS: readonly Framework[] = [
  {
    file: PROJECT_FILES.Laravel,
    requires: /"laravel\/(?:framework|lumen-framework)"/,
    written: [
      {
        name: 'storage',
        said: 'The stream or file "storage/logs/laravel.log" could not be opened in append mode: Permission denied',
      },
      {
        name: 'bootstrap/cache',
        said: 'The bootstrap/cache directory must be present and writable',
      },
    ],
    spares: /VIEW_COMPILED_PATH|LARAVEL_STORAGE_PATH|useStoragePath/,
    builds: /\bview:cache\b|\bartisan optimize\b/,
  },
  {
    file: PROJECT_FILES.Symfony,
    requires: /"symfony\/(?:framework-bundle|symfony)"/,
    written: [{ name: 'var', said: 'Unable to write in the "cache" directory' }],
    spares: /\bcache:(?:warmup|clear)\b|\bcomposer\b(?!.*--no-scripts)|APP_CACHE_DIR|getCacheDir/,
  },
  {
    file: PROJECT_FILES.CodeIgniter,
    requires: /"codeigniter4\/framework"/,
    written: [{ name: 'writable', said: 'Cache unable to write to "writable/cache/"' }],
    spares: /writableDirectory\s*=\s*(?!__DIR__)/,
  },
  {
    file: 'yii',
    requires: /"yiisoft\/yii2"/,
    written: [
      { name: 'runtime', said: 'The directory is not writable by the Web process' },
      { name: 'web/assets', said: 'The directory is not writable by the Web process: web/assets' },
    ],
    spares: /runtimePath|setRuntimePath|assetManager/,
  },
  {
    file: 'bin/cake',
    requires: /"cakephp\/cakephp"/,
    written: [{ name: 'tmp', said: 'tmp/cache/ is not writable' }],
    spares: /define\('TMP', (?!ROOT)/,
  },
]

/** Files of a project that may name other directories. */
const TELLING = [
  'bootstrap/app.php',
  'src/Kernel.php',
  'app/Config/Paths.php',
  'config/web.php',
  'config/paths.php',
]

/** The directories into which the PHP projects that are copied into an image write. */
export function* writtenByPhp(started: Started): Iterable<WrittenDirectory> {
  const { mounts, hostFiles, files, service, image } = started
  for (const { target, path, from } of mounts) {
    if (from !== 'COPY' || path === null || hostFiles.kind(path) !== 'directory') continue
    const composer = sourceAt(hostFiles, posix.join(path, 'composer.json'))?.text
    if (composer === undefined) continue
    const framework = FRAMEWORKS.find(
      ({ file, requires }) => requires.test(composer) && hostFiles.kind(posix.join(path, file)) === 'file',
    )
    if (framework === undefined) continue
    const told = [
      ...buildSteps(started),
      ...[...(image?.environment ?? []), ...givenVariables(service)].map(({ name }) => name),
      ...TELLING.map(name => sourceAt(hostFiles, posix.join(path, name))?.text ?? ''),
    ]
    // Its scripts run with `composer install`.
    if (told.some(text => framework.spares.test(text)) || /\bch(?:mod|own)\b/.test(composer)) continue
    const { builds } = framework
    const isBuilt = builds !== undefined && told.some(text => builds.test(text))
    // Settings that the build keeps do not change with the variables of the container.
    const isKept = told.some(text => /\bconfig:cache\b|\bartisan optimize\b/.test(text))
    if (isBuilt && (isKept || !writesInFiles(started))) continue
    for (const { name, said } of framework.written) {
      const directory = cleanPath(posix.join(target, name))
      if (files.kind(directory) !== 'directory' || isOpen(hostFiles.mode(posix.join(path, name)))) continue
      if (name === 'bootstrap/cache' && findsPackages(started)) continue
      const isLogged = name !== 'storage' || !logsElsewhere(started)
      if (isLogged || (hostFiles.list(posix.join(path, 'resources/views')) ?? []).length > 0)
        yield { directory, name, said: isLogged ? said : OF_VIEWS }
    }
  }
}

const OF_VIEWS = 'file_put_contents(storage/framework/views/…): Failed to open stream: Permission denied'

/**
 * True where the build starts Laravel, as the scripts of its `composer.json` do: it writes its lists of packages then,
 * and reads them afterwards.
 */
function findsPackages({ image }: Started): boolean {
  return (image?.stages ?? []).some(({ runs }) =>
    runs.some(({ command }) =>
      /\bcomposer\s+(?:install|update|dump-?autoload|run-script)\b(?!.*--no-scripts)|\bartisan\s/.test(
        commandText(command),
      ),
    ),
  )
}

/** True where the variables of the container say that Laravel keeps its log or its sessions in files. */
function writesInFiles({ image, service, hostFiles }: Started): boolean {
  const given = service === null ? [] : serviceVariables(service, hostFiles).variables
  return [...(image?.environment ?? []), ...given].some(
    ({ name, value }) =>
      value?.known === true &&
      ((name === 'LOG_CHANNEL' && /^(?:single|daily)$/.test(value.value)) ||
        (/^(?:SESSION_DRIVER|CACHE_DRIVER|CACHE_STORE)$/.test(name) && value.value === 'file')),
  )
}

/** True where Laravel is told to write its log to no file. */
function logsElsewhere({ image, service }: Started): boolean {
  return [...(image?.environment ?? []), ...givenVariables(service)].some(
    ({ name, value }) =>
      name === 'LOG_CHANNEL' &&
      value !== null &&
      !(value.known && /^(?:stack|single|daily)$/.test(value.value)),
  )
}

/** A mode that `COPY` takes over, of a directory that everybody may write. */
function isOpen(mode: number | null): boolean {
  return mode !== null && (mode & 0o002) !== 0
}
