import { memo, memoByKey } from '../../parsers/collections/memo.ts'
import type { Place } from '../../parsers/text/source.ts'
import { pythonFiles } from '../../src/deployment/django/scheduled-tasks.ts'
import { type DjangoSettings, projectDirectory } from '../../src/deployment/django/settings.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { textList } from '../django/_behind-nginx.ts'

/** Views of Django REST framework that take `Authorization: Basic` for a login of one of Django’s own users. */
export interface BasicLogin {
  /** The setting that says so; null where the framework’s own default holds. */
  readonly at: Place | null
  /** False where who is signed in by a session is let in before the header is looked at. */
  readonly isFirst: boolean
}

const BASIC = 'rest_framework.authentication.BasicAuthentication'
const SESSION = 'rest_framework.authentication.SessionAuthentication'
/** https://www.django-rest-framework.org/api-guide/settings/#default_authentication_classes */
const DEFAULT = [SESSION, BASIC]

/** Null where some view may say otherwise, or nobody knows. */
export function basicLogin(files: FileSystem, settings: DjangoSettings): BasicLogin | null {
  if (textList(settings, 'INSTALLED_APPS')?.includes('rest_framework') !== true) return null
  const framework = settings.get('REST_FRAMEWORK')
  if (framework !== null && !(framework.known && framework.value instanceof Map)) return null
  const options: ReadonlyMap<unknown, unknown> | null =
    framework?.known === true && framework.value instanceof Map ? framework.value : null
  const written = options?.get('DEFAULT_AUTHENTICATION_CLASSES')
  const classes: readonly unknown[] | null =
    written === undefined ? DEFAULT : Array.isArray(written) ? (written as readonly unknown[]) : null
  // Another class that knows the header may answer first.
  if (classes === null || !classes.every(name => name === BASIC || name === SESSION)) return null
  const directory = projectDirectory(settings)
  if (!classes.includes(BASIC) || directory === null || !hasPlainViews(files, directory)) return null
  return { at: written === undefined ? null : (framework?.at ?? null), isFirst: classes[0] === BASIC }
}

/** True for a project whose views are of the framework, and of which none names classes of its own. */
const hasPlainViews = memoByKey((files: FileSystem, directory: string): boolean => {
  const uses = (pythonFiles(files, directory) ?? []).map(path => {
    const source = sourceAt(files, path)
    return source === null ? 'other' : useIn(source)
  })
  return uses.includes('plain') && !uses.includes('other')
})

const useIn = memo(({ text }: Place['source']): 'none' | 'plain' | 'other' => {
  if (/\bauthentication_classes\b|\bperform_authentication\b/.test(text)) return 'other'
  return /^\s*from rest_framework(?:\.\w+)* import .*\b(?:api_view|\w*APIView|\w*ViewSet|viewsets|generics|views)\b/m.test(
    text,
  )
    ? 'plain'
    : 'none'
})
