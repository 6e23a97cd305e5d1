import { apacheSpellings } from './apache-spellings.ts'
import { applicationSpellings } from './application-spellings.ts'
import {
  composeInScript,
  composeSample,
  composeTemplate,
  dockerRun,
  dockerTasks,
  pods,
  quadlets,
} from './containers.ts'
import {
  filledInLocation,
  filledInServer,
  includeInHost,
  includeInHttp,
  includeInLocation,
  includeInServer,
  withoutMain,
} from './lines.ts'
import { nodeSpellings } from './node-spellings.ts'
import { environmentSpellings } from './django-environment.ts'
import { djangoSpellings } from './django-spellings.ts'
import {
  cloudInit,
  configMap,
  directories,
  image,
  mounts,
  oneDirectory,
  role,
  rolePort,
  script,
} from './placed.ts'
import { nginxSpellings } from './nginx-spellings.ts'
import { nginxTextSpellings } from './nginx-text-spellings.ts'
import { nginxWordSpellings } from './nginx-word-spellings.ts'
import { startSpellings } from './start-spellings.ts'
import { supervised } from './units.ts'
import { unstarted } from './unstarted.ts'
import type { Lay } from './files.ts'

/** Every surrounding into which an example can be laid, by its name. */
export const surroundings: ReadonlyMap<string, Lay> = new Map(
  Object.entries({
    dockerRun,
    dockerTasks,
    quadlets,
    composeTemplate,
    composeSample,
    composeInScript,
    pods,
    script,
    cloudInit,
    role,
    rolePort,
    oneDirectory,
    directories,
    image,
    mounts,
    configMap,
    supervised,
    includeInHttp,
    includeInServer,
    includeInLocation,
    includeInHost,
    filledInServer,
    filledInLocation,
    withoutMain,
    ...apacheSpellings,
    ...nginxSpellings,
    ...nginxTextSpellings,
    ...nginxWordSpellings,
    ...startSpellings,
    ...djangoSpellings,
    ...environmentSpellings,
    ...nodeSpellings,
    ...applicationSpellings,
    ...unstarted,
  }),
)
