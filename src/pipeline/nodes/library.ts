/** Every node there is, by name: one line a node. Help, documentation, JSON pipelines and tests read this list. */

import { assign } from "./assign.ts";
import { joinSounds, mixToMono, normalizeSound, preEmphasize, sliceSound, tone } from "./audio/edit-sound.ts";
import { energyVad } from "./audio/energy-vad.ts";
import { frameSound, normalizeFeatures, overlapAdd, stackFrames } from "./audio/features.ts";
import { fourierTransform } from "./audio/fourier.ts";
import { kaldiFbank, mfcc } from "./audio/kaldi.ts";
import { melFilterBank, melSpectrogram, spectrogram } from "./audio/mel.ts";
import { resampleSound } from "./audio/resample-sound.ts";
import { istft, stft } from "./audio/stft.ts";
import { suppressNoise } from "./audio/suppress-noise.ts";
import { decodeWav, encodeWav } from "./audio/wav.ts";
import { axpy, batchedGemm, dot, gemm, gemv, int8Gemm, nrm2, scal, trsm } from "./blas.ts";
import { boxOverlaps, nms } from "./boxes.ts";
import {
  hsvToRgb,
  labToRgb,
  rgbToHsv,
  rgbToLab,
  rgbToYcrcb,
  swapChannels,
  toGray,
  ycrcbToRgb,
} from "./colour-spaces.ts";
import { blend, colorTransfer, composite, estimateNoise, scratchMask } from "./compose.ts";
import { connectedComponents } from "./connected-components.ts";
import { convexHull } from "./convex-hull.ts";
import { crop } from "./crop.ts";
import { ctcBeam } from "./ctc-beam.ts";
import { ctcGreedy } from "./ctc-greedy.ts";
import { dbTextBoxes } from "./db-text-boxes.ts";
import { axisPoints } from "./detection/axis-points.ts";
import { clipBoxes, scaleBoxes } from "./detection/clip-boxes.ts";
import { coordinatePoints } from "./detection/coordinate-points.ts";
import { decodeBlazeFace } from "./detection/decode-blazeface.ts";
import { decodeCenternet } from "./detection/decode-centernet.ts";
import { decodeDetectionRows } from "./detection/decode-detection-rows.ts";
import { decodeFastestdet } from "./detection/decode-fastestdet.ts";
import { decodeNanodet } from "./detection/decode-nanodet.ts";
import { decodeRetinaface } from "./detection/decode-retinaface.ts";
import { decodeScoredBoxes } from "./detection/decode-scored-boxes.ts";
import { decodeSsd } from "./detection/decode-ssd.ts";
import { decodeYoloV5 } from "./detection/decode-yolo-v5.ts";
import { decodeYoloV5Heads } from "./detection/decode-yolo-v5-heads.ts";
import { decodeYoloV8 } from "./detection/decode-yolo-v8.ts";
import { decodeYolox } from "./detection/decode-yolox.ts";
import { decodeYunet } from "./detection/decode-yunet.ts";
import { fuseBoxes } from "./detection/fuse-boxes.ts";
import { heatMapPoints } from "./detection/heat-map-points.ts";
import { matrixNms } from "./detection/matrix-nms.ts";
import { prototypeMasks } from "./detection/prototype-masks.ts";
import { rotatedNms, rotatedOverlaps } from "./detection/rotated-nms.ts";
import { segmentationLabels } from "./detection/segmentation-labels.ts";
import { softmax } from "./detection/softmax.ts";
import { ssdAnchors } from "./detection/ssd-anchors.ts";
import { topK } from "./detection/top-k.ts";
import { drawText } from "./draw-text.ts";
import { drawBoxes, drawMasks, drawPolygons, drawSkeleton, drawTracks } from "./drawing.ts";
import { bilateralFilter, guidedFilter } from "./edge-preserving.ts";
import { agglomerate } from "./embeddings/agglomerate.ts";
import { cosineSimilarities } from "./embeddings/cosine-similarities.ts";
import { dbscan } from "./embeddings/dbscan.ts";
import { nearestVectors } from "./embeddings/nearest-vectors.ts";
import { normalizeVectors } from "./embeddings/normalize-vectors.ts";
import { flip, pad } from "./flip-pad.ts";
import { gaussianBlur } from "./gaussian-blur.ts";
import { homography } from "./homography.ts";
import { boxBlur, filter2d, laplacian, sobel } from "./kernels-2d.ts";
import { letterbox, letterboxInverse } from "./letterbox.ts";
import { applyCube, parseCube } from "./lut-3d.ts";
import { minAreaRectangle } from "./min-area-rectangle.ts";
import type { NodeFunction } from "./node.ts";
import { offsetConvexPolygon } from "./offset-convex-polygon.ts";
import { polygonArea, polygonPerimeter } from "./polygon.ts";
import { dilate, erode, medianBlur, morphClose, morphOpen } from "./rank-filters.ts";
import { readingOrder } from "./reading-order.ts";
import { placesOfLens, remap, similarityTransform } from "./remap.ts";
import { resize } from "./resize.ts";
import { roiAlign } from "./roi-align.ts";
import { rotate } from "./rotate.ts";
import { clipPolygon } from "./structure/clip-polygon.ts";
import { contours } from "./structure/contours.ts";
import { distanceTransform } from "./structure/distance-transform.ts";
import { enclosingCircle } from "./structure/enclosing-circle.ts";
import { integralImage } from "./structure/integral-image.ts";
import { imageMoments, polygonMoments } from "./structure/moments.ts";
import { isInsidePolygon, polygonMask, polygonOverlap } from "./structure/polygon-mask.ts";
import { simplifyPolygon } from "./structure/simplify-polygon.ts";
import { toRgb } from "./to-rgb.ts";
import { toTensor } from "./to-tensor.ts";
import {
  adaptiveThreshold,
  adjustGamma,
  applyLut,
  clahe,
  equalizeHistogram,
  histogram,
  threshold,
  toneCurve,
  whiteBalance,
} from "./tone.ts";
import { cameraMotion } from "./tracking/camera-motion.ts";
import { interpolateTracks } from "./tracking/interpolate-tracks.ts";
import { formatMot, parseMot } from "./tracking/mot-text.ts";
import { track } from "./tracking/track.ts";
import { identityTimeline, trackTrails } from "./tracking/track-trails.ts";
import { trackingScenario } from "./tracking/tracking-scenario.ts";
import { trackingScores } from "./tracking/tracking-scores.ts";
import { rotationMatrix, warpAffine } from "./warp-affine.ts";
import { warpPerspective } from "./warp-perspective.ts";
import { widthBuckets } from "./width-buckets.ts";
import { rgbToYuv, yuvToRgb } from "./yuv.ts";

export const library = {
  adaptiveThreshold,
  adjustGamma,
  agglomerate,
  applyCube,
  applyLut,
  assign,
  axisPoints,
  axpy,
  batchedGemm,
  bilateralFilter,
  blend,
  boxBlur,
  boxOverlaps,
  cameraMotion,
  clahe,
  clipBoxes,
  clipPolygon,
  colorTransfer,
  composite,
  connectedComponents,
  contours,
  convexHull,
  coordinatePoints,
  cosineSimilarities,
  crop,
  ctcBeam,
  ctcGreedy,
  dbscan,
  dbTextBoxes,
  decodeBlazeFace,
  decodeCenternet,
  decodeDetectionRows,
  decodeFastestdet,
  decodeNanodet,
  decodeRetinaface,
  decodeScoredBoxes,
  decodeSsd,
  decodeWav,
  decodeYoloV5,
  decodeYoloV5Heads,
  decodeYoloV8,
  decodeYolox,
  decodeYunet,
  distanceTransform,
  enclosingCircle,
  dilate,
  dot,
  drawBoxes,
  drawMasks,
  drawPolygons,
  drawSkeleton,
  drawText,
  drawTracks,
  encodeWav,
  energyVad,
  equalizeHistogram,
  erode,
  estimateNoise,
  filter2d,
  flip,
  formatMot,
  fourierTransform,
  frameSound,
  fuseBoxes,
  gaussianBlur,
  gemm,
  gemv,
  guidedFilter,
  heatMapPoints,
  histogram,
  homography,
  hsvToRgb,
  identityTimeline,
  imageMoments,
  integralImage,
  int8Gemm,
  interpolateTracks,
  isInsidePolygon,
  istft,
  joinSounds,
  kaldiFbank,
  labToRgb,
  laplacian,
  letterbox,
  letterboxInverse,
  matrixNms,
  medianBlur,
  melFilterBank,
  melSpectrogram,
  mfcc,
  minAreaRectangle,
  mixToMono,
  morphClose,
  morphOpen,
  nearestVectors,
  nms,
  normalizeFeatures,
  normalizeSound,
  normalizeVectors,
  nrm2,
  offsetConvexPolygon,
  overlapAdd,
  pad,
  parseCube,
  parseMot,
  placesOfLens,
  polygonArea,
  polygonMask,
  polygonMoments,
  polygonOverlap,
  polygonPerimeter,
  preEmphasize,
  prototypeMasks,
  readingOrder,
  remap,
  resampleSound,
  resize,
  rgbToHsv,
  rgbToLab,
  rgbToYcrcb,
  rgbToYuv,
  roiAlign,
  rotate,
  rotatedNms,
  rotatedOverlaps,
  rotationMatrix,
  scal,
  scaleBoxes,
  scratchMask,
  segmentationLabels,
  simplifyPolygon,
  similarityTransform,
  sliceSound,
  sobel,
  softmax,
  spectrogram,
  ssdAnchors,
  stackFrames,
  stft,
  suppressNoise,
  swapChannels,
  threshold,
  toGray,
  tone,
  toneCurve,
  topK,
  toRgb,
  toTensor,
  track,
  trackingScenario,
  trackingScores,
  trackTrails,
  trsm,
  warpAffine,
  warpPerspective,
  whiteBalance,
  widthBuckets,
  ycrcbToRgb,
  yuvToRgb,
} as const satisfies Record<string, NodeFunction>;
