import { posix } from 'node:path'
import { memo } from '../parsers/collections/memo.ts'
import type { AppServerProgram } from '../src/deployment/model.ts'
import { type ApplicationBase, frameworkBase } from './_application-base.ts'
import { projectOf } from './_node-project.ts'

/** The base of the framework that a program is; null for any other, and where nobody knows. */
export const baseOfProgram = memo((program: AppServerProgram): ApplicationBase | null => {
  const framework = program.server.settings.get('framework')
  const project = framework?.known === true ? projectOf(program) : null
  if (framework?.known !== true || project === null) return null
  if (framework.value === 'Next.js') return frameworkBase(project.files, project.directory, 'Next.js')
  const isNuxt = ['js', 'ts', 'mjs'].some(
    end => project.files.kind(posix.join(project.directory, `nuxt.config.${end}`)) === 'file',
  )
  if (framework.value !== 'Nitro' || !isNuxt || program.environment('NUXT_APP_BASE_URL') !== null) return null
  return frameworkBase(project.files, project.directory, 'Nuxt')
})
