import { posix } from 'node:path'

/** Names of files that say which packages a project is installed with. */
export const REQUIREMENTS = [
  'requirements.txt',
  'requirements/base.txt',
  'requirements/production.txt',
  'requirements/prod.txt',
  'requirements/common.txt',
  'requirements/default.txt',
  'requirements/main.txt',
  'requirements/requirements.txt',
  'requirements.in',
  'pyproject.toml',
  'poetry.lock',
  'uv.lock',
  'Pipfile.lock',
  'Pipfile',
  'setup.cfg',
  'setup.py',
] as const

/** Where Dockerfiles put such a file alone, to install what it names before the project is there. */
const STAGED = ['/tmp', '/']

/** The directories in which they lie: the project's own, three above it, and where an image is built with them. */
export function requirementHomes(home: string): readonly string[] {
  const homes: string[] = []
  for (let directory = home; homes.length < 4 && directory !== '/'; directory = posix.dirname(directory))
    homes.push(directory)
  return [...homes, ...STAGED]
}
