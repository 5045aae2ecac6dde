/* libvpx's VP8 with plain arguments, so that the layouts of its structures are the C compiler's business: they change with
 * its version, and libvpx refuses a program that was compiled against others (VPX_ENCODER_ABI_VERSION).
 *
 * Functions that fail return a vpx_codec_err_t, which is never 0. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

/* The encoder's clock, ticks a second. */
#define TICKS 1000000

typedef struct {
  vpx_codec_ctx_t codec;
  vpx_codec_enc_cfg_t config;
} framebox_vp8_encoder;

typedef struct {
  unsigned width;
  unsigned height;
  const uint8_t *planes[3];
  int strides[3];
} framebox_vp8_picture;

const char *framebox_vp8_error(int error) {
  return vpx_codec_err_to_string((vpx_codec_err_t)error);
}

int framebox_vp8_encoder_open(unsigned width, unsigned height, unsigned kilobits, framebox_vp8_encoder **out) {
  framebox_vp8_encoder *encoder = calloc(1, sizeof *encoder);
  vpx_codec_enc_cfg_t *config;
  vpx_codec_err_t error;
  if (encoder == NULL) return VPX_CODEC_MEM_ERROR;
  config = &encoder->config;
  error = vpx_codec_enc_config_default(vpx_codec_vp8_cx(), config, 0);
  if (error == VPX_CODEC_OK) {
    config->g_w = width;
    config->g_h = height;
    config->g_timebase.num = 1;
    config->g_timebase.den = TICKS;
    config->g_threads = 1;
    config->g_lag_in_frames = 0;
    config->g_error_resilient = 0;
    config->g_pass = VPX_RC_ONE_PASS;
    config->rc_end_usage = VPX_CBR;
    config->rc_target_bitrate = kilobits;
    config->rc_resize_allowed = 0;
    /* Every processed picture is sent: only the quantiser controls the rate. */
    config->rc_dropframe_thresh = 0;
    config->rc_min_quantizer = 2;
    config->rc_max_quantizer = 63;
    config->rc_undershoot_pct = 100;
    config->rc_overshoot_pct = 15;
    /* Milliseconds of the bit rate. */
    config->rc_buf_sz = 1000;
    config->rc_buf_initial_sz = 500;
    config->rc_buf_optimal_sz = 600;
    /* Keyframes only on request. */
    config->kf_mode = VPX_KF_DISABLED;
    error = vpx_codec_enc_init(&encoder->codec, vpx_codec_vp8_cx(), config, 0);
  }
  if (error != VPX_CODEC_OK) {
    free(encoder);
    return error;
  }
  error = vpx_codec_control(&encoder->codec, VP8E_SET_CPUUSED, -8);
  if (error == VPX_CODEC_OK) error = vpx_codec_control(&encoder->codec, VP8E_SET_STATIC_THRESHOLD, 1);
  if (error == VPX_CODEC_OK) error = vpx_codec_control(&encoder->codec, VP8E_SET_NOISE_SENSITIVITY, 0);
  if (error == VPX_CODEC_OK) error = vpx_codec_control(&encoder->codec, VP8E_SET_TOKEN_PARTITIONS, VP8_ONE_TOKENPARTITION);
  /* A keyframe takes at most what this many percent of a picture's share are: it must not fill the path for long. */
  if (error == VPX_CODEC_OK) error = vpx_codec_control(&encoder->codec, VP8E_SET_MAX_INTRA_BITRATE_PCT, 600);
  if (error != VPX_CODEC_OK) {
    vpx_codec_destroy(&encoder->codec);
    free(encoder);
    return error;
  }
  *out = encoder;
  return VPX_CODEC_OK;
}

int framebox_vp8_encoder_set_bitrate(framebox_vp8_encoder *encoder, unsigned kilobits) {
  encoder->config.rc_target_bitrate = kilobits;
  return vpx_codec_enc_config_set(&encoder->codec, &encoder->config);
}

/* The result belongs to the encoder, until it is called again. */
int framebox_vp8_encoder_encode(framebox_vp8_encoder *encoder, const framebox_vp8_picture *picture, int64_t ticks,
                                unsigned long duration, int keyframe, const uint8_t **data, size_t *length,
                                int *is_keyframe, int *quantizer) {
  vpx_image_t image;
  vpx_codec_iter_t packets = NULL;
  const vpx_codec_cx_pkt_t *packet;
  vpx_codec_err_t error;
  int plane;
  /* Sets format and sides; libvpx does not write to the planes. */
  if (vpx_img_wrap(&image, VPX_IMG_FMT_I420, picture->width, picture->height, 1, (uint8_t *)picture->planes[0]) == NULL)
    return VPX_CODEC_INVALID_PARAM;
  for (plane = 0; plane < 3; plane++) {
    image.planes[plane] = (uint8_t *)picture->planes[plane];
    image.stride[plane] = picture->strides[plane];
  }
  *length = 0;
  error = vpx_codec_encode(&encoder->codec, &image, ticks, duration, keyframe ? VPX_EFLAG_FORCE_KF : 0, VPX_DL_REALTIME);
  if (error != VPX_CODEC_OK) return error;
  while ((packet = vpx_codec_get_cx_data(&encoder->codec, &packets)) != NULL) {
    if (packet->kind != VPX_CODEC_CX_FRAME_PKT) continue;
    /* One packet a picture: there is no lag, and output is not partitioned. */
    if (*length != 0) return VPX_CODEC_ERROR;
    *data = packet->data.frame.buf;
    *length = packet->data.frame.sz;
    *is_keyframe = (packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
  }
  return vpx_codec_control(&encoder->codec, VP8E_GET_LAST_QUANTIZER, quantizer);
}

void framebox_vp8_encoder_close(framebox_vp8_encoder *encoder) {
  vpx_codec_destroy(&encoder->codec);
  free(encoder);
}

int framebox_vp8_decoder_open(vpx_codec_ctx_t **out) {
  vpx_codec_dec_cfg_t config = { .threads = 1 };
  vpx_codec_ctx_t *decoder = calloc(1, sizeof *decoder);
  vpx_codec_err_t error;
  if (decoder == NULL) return VPX_CODEC_MEM_ERROR;
  error = vpx_codec_dec_init(decoder, vpx_codec_vp8_dx(), &config, 0);
  if (error != VPX_CODEC_OK) {
    free(decoder);
    return error;
  }
  *out = decoder;
  return VPX_CODEC_OK;
}

/* Planes that are NULL: there is no picture. They belong to the decoder, until it is called again. */
int framebox_vp8_decoder_decode(vpx_codec_ctx_t *decoder, const uint8_t *data, unsigned length,
                                framebox_vp8_picture *picture) {
  vpx_codec_iter_t pictures = NULL;
  const vpx_image_t *image;
  vpx_codec_err_t error;
  int corrupted = 0, plane;
  picture->planes[0] = picture->planes[1] = picture->planes[2] = NULL;
  error = vpx_codec_decode(decoder, data, length, NULL, 0);
  if (error != VPX_CODEC_OK) return error;
  /* Data that ended too early are decoded as if zeros followed. */
  error = vpx_codec_control(decoder, VP8D_GET_FRAME_CORRUPTED, &corrupted);
  if (error != VPX_CODEC_OK) return error;
  if (corrupted) return VPX_CODEC_CORRUPT_FRAME;
  image = vpx_codec_get_frame(decoder, &pictures);
  if (image == NULL) return VPX_CODEC_OK;
  if (image->fmt != VPX_IMG_FMT_I420) return VPX_CODEC_UNSUP_BITSTREAM;
  picture->width = image->d_w;
  picture->height = image->d_h;
  for (plane = 0; plane < 3; plane++) {
    picture->planes[plane] = image->planes[plane];
    picture->strides[plane] = image->stride[plane];
  }
  return VPX_CODEC_OK;
}

void framebox_vp8_decoder_close(vpx_codec_ctx_t *decoder) {
  vpx_codec_destroy(decoder);
  free(decoder);
}
