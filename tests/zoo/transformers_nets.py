"""Architectures of the transformers library, built from their configurations alone, shrunk and seeded.

Nothing is downloaded: a configuration says which modules there are, and their weights are drawn.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

_TEXT = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48,
    "vocab_size": 96, "max_position_embeddings": 24, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
# Fewer heads of keys and values than of queries.
_GROUPED = {**_TEXT, "num_key_value_heads": 2, "head_dim": 8}
_GPT = {**_TEXT, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 24, "n_inner": 48}
_EXPERTS = {
    **_GROUPED, "num_experts": 4, "num_local_experts": 4, "num_experts_per_tok": 2,
    "moe_intermediate_size": 24, "shared_expert_intermediate_size": 24, "decoder_sparse_step": 1,
}  # fmt: skip
_LATENT = {
    **_GROUPED, "moe_intermediate_size": 24, "n_routed_experts": 4, "n_group": 1, "topk_group": 1,
    "num_experts_per_tok": 2, "n_shared_experts": 1, "first_k_dense_replace": 1, "q_lora_rank": 16,
    "kv_lora_rank": 16, "qk_rope_head_dim": 4, "qk_nope_head_dim": 8, "v_head_dim": 8,
}  # fmt: skip
_T5 = {
    "vocab_size": 96, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_decoder_layers": 2,
    "num_heads": 4, "decoder_start_token_id": 0,
}  # fmt: skip
_BART = {
    "vocab_size": 96, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48,
    "max_position_embeddings": 24, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
    "decoder_start_token_id": 2,
}  # fmt: skip
_IMAGE = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48,
    "image_size": 16, "patch_size": 8,
}  # fmt: skip
_DECODED = {
    "decoder_hidden_size": 16, "decoder_num_hidden_layers": 1, "decoder_num_attention_heads": 2,
    "decoder_intermediate_size": 24,
}  # fmt: skip
_PYRAMID = {
    "num_encoder_blocks": 2, "depths": [1, 1], "sr_ratios": [2, 1], "hidden_sizes": [8, 16],
    "patch_sizes": [3, 3], "strides": [2, 2], "num_attention_heads": [1, 2], "mlp_ratios": [2, 2],
}  # fmt: skip
_SPEECH = {
    **_TEXT, "conv_dim": (16, 16), "conv_stride": (5, 2), "conv_kernel": (10, 3),
    "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4, "num_feat_extract_layers": 2,
}  # fmt: skip
_WINDOWS = {
    "image_size": 16, "patch_size": 2, "embed_dim": 16, "depths": [1, 1], "num_heads": [2, 4],
    "window_size": 4,
}  # fmt: skip
_RESIDUAL = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}

# By the library's own name of the configuration.
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    # Decoders.
    "gpt2": _GPT, "gptj": {**_GPT, "rotary_dim": 4}, "codegen": {**_GPT, "rotary_dim": 4},
    "gpt_bigcode": _GPT, "bloom": _GPT, "gpt_neox": _TEXT, "phi": _GROUPED, "phi3": _GROUPED,
    "gpt_neo": {**_TEXT, "num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]]},
    "llama": _GROUPED, "mistral": _GROUPED, "qwen2": _GROUPED, "qwen3": _GROUPED, "gemma": _GROUPED,
    "gemma2": _GROUPED, "gemma3_text": _GROUPED, "starcoder2": _GROUPED, "stablelm": _GROUPED,
    "cohere": _GROUPED, "olmo2": _GROUPED, "granite": _GROUPED, "glm": _GROUPED,
    "falcon": {**_TEXT, "new_decoder_architecture": True, "num_kv_heads": 2},
    "opt": {**_TEXT, "ffn_dim": 48, "word_embed_proj_dim": 16},
    "mpt": {
        "d_model": 32, "n_heads": 4, "n_layers": 2, "vocab_size": 96, "expansion_ratio": 2, "max_seq_len": 24,
    },
    "xlnet": {"vocab_size": 96, "d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 48},
    # Mixtures of experts.
    "mixtral": _EXPERTS, "qwen2_moe": _EXPERTS, "qwen3_moe": _EXPERTS, "olmoe": _EXPERTS,
    "gpt_oss": _EXPERTS, "deepseek_v2": _LATENT, "deepseek_v3": _LATENT,
    # State spaces and other recurrences.
    "mamba": {**_TEXT, "state_size": 4, "time_step_rank": 4},
    "mamba2": {**_TEXT, "state_size": 4, "num_heads": 8, "head_dim": 8, "n_groups": 2},
    "jamba": {
        **_GROUPED, "num_experts": 2, "mamba_d_state": 4, "mamba_dt_rank": 4, "attn_layer_period": 2,
        "attn_layer_offset": 1, "expert_layer_period": 2, "expert_layer_offset": 1,
        "use_mamba_kernels": False,
    },
    "recurrent_gemma": {**_GROUPED, "lru_width": 32, "block_types": ["recurrent", "attention"]},
    "rwkv": {**_TEXT, "attention_hidden_size": 32},
    # Encoders.
    "bert": _TEXT, "roberta": _TEXT, "mpnet": _TEXT, "modernbert": _TEXT, "fnet": _TEXT,
    "deberta": {**_TEXT, "pos_att_type": ["c2p", "p2c"], "relative_attention": True},
    "deberta-v2": {**_TEXT, "pos_att_type": ["c2p", "p2c"], "relative_attention": True},
    "albert": {**_TEXT, "embedding_size": 16}, "electra": {**_TEXT, "embedding_size": 16},
    "distilbert": {
        "vocab_size": 96, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48,
        "max_position_embeddings": 24,
    },
    "mobilebert": {
        **_TEXT, "embedding_size": 16, "intra_bottleneck_size": 16, "true_hidden_size": 16,
        "num_feedforward_networks": 1,
    },
    "convbert": {**_TEXT, "embedding_size": 16, "head_ratio": 2, "conv_kernel_size": 3},
    "squeezebert": {**_TEXT, "embedding_size": 32},
    # Encoders with decoders.
    "t5": _T5, "bart": _BART, "marian": _BART, "m2m_100": _BART,
    "switch_transformers": {
        **_T5, "num_experts": 2, "num_sparse_encoder_layers": 1, "num_sparse_decoder_layers": 1,
    },
    # Images and video.
    "vit": _IMAGE, "deit": _IMAGE, "dinov2": _IMAGE,
    "beit": {**_IMAGE, "use_relative_position_bias": True}, "swin": _WINDOWS, "swinv2": _WINDOWS,
    "convnext": {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2},
    "convnextv2": {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2},
    "resnet": _RESIDUAL, "regnet": {**_RESIDUAL, "groups_width": 4}, "segformer": _PYRAMID,
    "poolformer": {**_PYRAMID, "padding": [1, 1]},
    "vit_mae": {**_IMAGE, **_DECODED},
    "videomae": {**_IMAGE, **_DECODED, "num_frames": 4, "tubelet_size": 2},
    "clip": {"text_config": _TEXT, "vision_config": _IMAGE, "projection_dim": 16},
    "siglip": {"text_config": _TEXT, "vision_config": _IMAGE},
    "detr": {
        **_BART, "num_queries": 4, "backbone": None, "use_timm_backbone": False,
        "use_pretrained_backbone": False,
        "backbone_config": {"model_type": "resnet", **_RESIDUAL, "out_features": ["stage2"]},
    },
    # Sound.
    "wav2vec2": _SPEECH, "hubert": _SPEECH, "wavlm": _SPEECH,
    "whisper": {**_BART, "num_mel_bins": 8, "max_source_positions": 16, "max_target_positions": 16},
    "encodec": {
        "num_filters": 4, "upsampling_ratios": [2, 2], "hidden_size": 16, "codebook_size": 16,
        "num_lstm_layers": 2, "target_bandwidths": [1.5], "codebook_dim": 16,
    },
}  # fmt: skip


def build(name: str) -> nn.Module:
    """Build the model of a configuration: with the head of a language model where it is a decoder."""
    import transformers

    transformers.logging.set_verbosity_error()
    with warnings.catch_warnings():
        # Of combinations of settings that matter to whoever trains the model.
        warnings.simplefilter("ignore")
        configuration = transformers.AutoConfig.for_model(name, **CONFIGURATIONS[name])
        made: nn.Module
        if name in _decoders():
            made = transformers.AutoModelForCausalLM.from_config(configuration)
        else:
            made = transformers.AutoModel.from_config(configuration)
    return made


@cache
def _decoders() -> frozenset[str]:
    names = list(CONFIGURATIONS)
    return frozenset(names[: names.index("bert")])
