import type { ErrorCode } from '@foretoken/core'
import type { Calibration } from '../calibration/calibrate.js'
import type { LoadPlan } from '../model.js'
import type { LoadOptions } from '../options.js'
import type { Gpu } from '../runtime.js'
import type { Served } from '../remote/messages.js'
import type { SpreadLayout } from './spread-plan.js'

export interface ChildStart {
  readonly gpu: Gpu
  readonly plan: LoadPlan
  readonly layout: SpreadLayout
  readonly options: Pick<LoadOptions, 'sequences' | 'calibrate' | 'cacheType'>
}

export interface Opened extends Served {
  readonly calibration: Calibration | undefined
  readonly threads: number
  readonly device: string
}

export type ChildReport =
  | { readonly type: 'progress'; readonly fraction: number }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'opened'; readonly opened: Opened }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string }
