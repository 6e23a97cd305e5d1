import { below } from '../../parsers/text/is-below.ts'
import type { Source } from '../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from './file-system.ts'
import { TESTS_DIRECTORY } from './test-directories.ts'

/**
 * What sets a machine up, or brings a program to it, as far as its name tells: scripts, playbooks, workflows, the files
 * of Vagrant, Capistrano, Deployer, Envoy, Fabric and make, units, tables of cron, extensions
 * of Elastic Beanstalk. And what HAProxy does in front of it, wherever that runs.
 */
const SETS_UP =
  /\.(?:sh|bash|ya?ml|service|timer|path|tf|nix|rake|cap)(?:\.(?:j2|erb|tmpl|tpl|in))?$|(?:^|\/)sudoers[^/]*(?:\/[^/]+)?$|(?:^|\/)(?:Vagrantfile|Capfile|Gemfile|(?:GNU)?[Mm]akefile|[Jj]ustfile|Dockerfile[^/]*|deploy\.(?:rb|php|py)|config\/deploy\/[^/]+\.rb|Envoy\.blade\.php|fabfile\.py|tasks\.py|crontab[^/]*)$|(?:^|\/)(?:tmpfiles\.d\/[^/]+|\.ebextensions\/[^/]+\.config)$|(?:^|\/)(?:hooks\/)?[a-z_-]*(?:deploy|install|setup|bootstrap|provision|release|update|post-receive|post-merge|post-update)[\w-]*$|(?:^|\/)(?:gunicorn|uvicorn|uwsgi|daphne|celery)[_-]?(?:start|run)$|(?:^|\/)haproxy[^/]*\.cfg$/

/** What tells people how to do it. */
const GUIDE = /\/readme[^/]*$/i

const OTHERS = new RegExp(
  String.raw`/(?:${TESTS_DIRECTORY}|vendor|node_modules|docs?|examples?|samples?)/|\.(?:dist|example|sample)$`,
  'i',
)

const MOST = 1000

/**
 * The texts that set a machine up, or deploy to it; null where there are too many to read.
 *
 * @param within the directory whose names say what a file is, and not those of the directories above it
 */
export function setupTexts(
  files: FileSystem,
  paths: readonly string[],
  within = '/',
): readonly Source[] | null {
  const wanted = paths.filter(path => SETS_UP.test(path) && !OTHERS.test(below(path, within)))
  return wanted.length > MOST ? null : wanted.flatMap(path => sourceAt(files, path) ?? [])
}

/** The texts that tell people how a machine is set up and started, as far as there are not too many to read. */
export function guideTexts(files: FileSystem, paths: readonly string[], within = '/'): readonly Source[] {
  const wanted = paths.filter(path => GUIDE.test(path) && !OTHERS.test(below(path, within)))
  return wanted.slice(0, MOST).flatMap(path => sourceAt(files, path) ?? [])
}
